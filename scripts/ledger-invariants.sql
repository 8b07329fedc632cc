-- The promises of the quota ledger, asked of its own database. Every query lists what breaks one: all of them must be empty.
--
--   psql "$DATABASE_URL" -f scripts/ledger-invariants.sql
--
-- Nothing is changed. All queries see one moment, also while requests go on. SQLite runs the same queries:
--
--   sed '/^set /d; /^begin/d; /^commit/d' scripts/ledger-invariants.sql | sqlite3 data/quota-ledger.db
--
-- Each row says which invariant is broken, for which tenant, where (a bucket and period, or a reservation), and in what.

set search_path to quota_ledger;
begin transaction isolation level repeatable read read only;

-- I1. A balance is the sum of its entries: what is used, held and overrun, of every type.
select 'I1' as invariant, b.tenant, b.bucket || ' ' || b.period as place, 'the balance is not the sum of its entries' as broken
from balance b
left join (select e.tenant, e.bucket, e.period,
           sum(e.used_input) as used_input,
           sum(e.used_output) as used_output,
           sum(e.used_cache_read) as used_cache_read,
           sum(e.used_cache_write) as used_cache_write,
           sum(e.used_cost) as used_cost,
           sum(e.held_input) as held_input,
           sum(e.held_output) as held_output,
           sum(e.held_cache_read) as held_cache_read,
           sum(e.held_cache_write) as held_cache_write,
           sum(e.held_cost) as held_cost,
           sum(e.overrun_input) as overrun_input,
           sum(e.overrun_output) as overrun_output,
           sum(e.overrun_cache_read) as overrun_cache_read,
           sum(e.overrun_cache_write) as overrun_cache_write,
           sum(e.overrun_cost) as overrun_cost
      from entry e group by e.tenant, e.bucket, e.period) s
  on s.tenant = b.tenant and s.bucket = b.bucket and s.period = b.period
where b.used_input <> coalesce(s.used_input, 0)
   or b.used_output <> coalesce(s.used_output, 0)
   or b.used_cache_read <> coalesce(s.used_cache_read, 0)
   or b.used_cache_write <> coalesce(s.used_cache_write, 0)
   or b.used_cost <> coalesce(s.used_cost, 0)
   or b.held_input <> coalesce(s.held_input, 0)
   or b.held_output <> coalesce(s.held_output, 0)
   or b.held_cache_read <> coalesce(s.held_cache_read, 0)
   or b.held_cache_write <> coalesce(s.held_cache_write, 0)
   or b.held_cost <> coalesce(s.held_cost, 0)
   or b.overrun_input <> coalesce(s.overrun_input, 0)
   or b.overrun_output <> coalesce(s.overrun_output, 0)
   or b.overrun_cache_read <> coalesce(s.overrun_cache_read, 0)
   or b.overrun_cache_write <> coalesce(s.overrun_cache_write, 0)
   or b.overrun_cost <> coalesce(s.overrun_cost, 0);

-- I1. What is held is the sum of the open holds.
select 'I1' as invariant, b.tenant, b.bucket || ' ' || b.period as place, 'held is not the sum of the open holds' as broken
from balance b
left join (select e.tenant, e.bucket, e.period,
           sum(e.held_input) as held_input,
           sum(e.held_output) as held_output,
           sum(e.held_cache_read) as held_cache_read,
           sum(e.held_cache_write) as held_cache_write,
           sum(e.held_cost) as held_cost
      from entry e
      join reservation r on r.tenant = e.tenant and r.reservation_id = e.reservation_id and r.state = 'HELD'
      group by e.tenant, e.bucket, e.period) s
  on s.tenant = b.tenant and s.bucket = b.bucket and s.period = b.period
where b.held_input <> coalesce(s.held_input, 0)
   or b.held_output <> coalesce(s.held_output, 0)
   or b.held_cache_read <> coalesce(s.held_cache_read, 0)
   or b.held_cache_write <> coalesce(s.held_cache_write, 0)
   or b.held_cost <> coalesce(s.held_cost, 0);

-- I1. A hold that is over holds nothing anywhere.
select 'I1' as invariant, e.tenant, e.reservation_id || ' ' || e.bucket as place, 'a hold that is over still holds' as broken
from entry e
join reservation r on r.tenant = e.tenant and r.reservation_id = e.reservation_id and r.state <> 'HELD'
group by e.tenant, e.reservation_id, e.bucket, e.period
having sum(e.held_input) <> 0
    or sum(e.held_output) <> 0
    or sum(e.held_cache_read) <> 0
    or sum(e.held_cache_write) <> 0
    or sum(e.held_cost) <> 0;

-- I2. Nothing is negative.
select 'I2' as invariant, tenant, bucket || ' ' || period as place, 'a count is negative' as broken
from balance
where used_input < 0
   or used_output < 0
   or used_cache_read < 0
   or used_cache_write < 0
   or used_cost < 0
   or held_input < 0
   or held_output < 0
   or held_cache_read < 0
   or held_cache_write < 0
   or held_cost < 0
   or overrun_input < 0
   or overrun_output < 0
   or overrun_cache_read < 0
   or overrun_cache_write < 0
   or overrun_cost < 0;

-- I2. No reservation has taken back more than it posted.
select 'I2' as invariant, tenant, reservation_id || ' ' || bucket as place, 'the sum of a reservation is negative' as broken
from entry
group by tenant, reservation_id, bucket, period
having sum(used_input) < 0
    or sum(used_output) < 0
    or sum(used_cache_read) < 0
    or sum(used_cache_write) < 0
    or sum(used_cost) < 0
    or sum(held_input) < 0
    or sum(held_output) < 0
    or sum(held_cache_read) < 0
    or sum(held_cache_write) < 0
    or sum(held_cost) < 0
    or sum(overrun_input) < 0
    or sum(overrun_output) < 0
    or sum(overrun_cache_read) < 0
    or sum(overrun_cache_write) < 0
    or sum(overrun_cost) < 0;

-- I3. No bucket has admitted more than its limit. A row here is a fault unless somebody lowered the limit below what was
-- admitted before: then nothing more is admitted until it is true again.
select 'I3' as invariant, tenant, bucket || ' ' || period as place, 'used - overrun + held is above the limit' as broken
from balance
where used_input - overrun_input + held_input > limit_input
   or used_output - overrun_output + held_output > limit_output
   or used_cache_read - overrun_cache_read + held_cache_read > limit_cache_read
   or used_cache_write - overrun_cache_write + held_cache_write > limit_cache_write
   or used_cost - overrun_cost + held_cost > limit_cost;

-- I4. A hold ends once, in the way that its state says.
select 'I4' as invariant, r.tenant, r.reservation_id as place, 'the entries do not fit the state ' || r.state as broken
from reservation r
left join (select tenant, reservation_id,
           max(case when operation = 'reserve' then 1 else 0 end) as has_reserve,
           max(case when operation = 'extend' then 1 else 0 end) as has_extend,
           max(case when operation = 'settle' then 1 else 0 end) as has_settle,
           max(case when operation = 'void' then 1 else 0 end) as has_void,
           max(case when operation = 'expire' then 1 else 0 end) as has_expire,
           max(case when operation = 'reconcile' then 1 else 0 end) as has_reconcile,
           max(case when operation = 'orphan' then 1 else 0 end) as has_orphan,
           max(case when operation = 'reverse' then 1 else 0 end) as has_reverse
      from entry group by tenant, reservation_id) o
  on o.tenant = r.tenant and o.reservation_id = r.reservation_id
where (r.state in ('HELD', 'SETTLED', 'EXPIRED', 'RECONCILED') and o.reservation_id is null)
   or (r.state = 'REJECTED' and o.reservation_id is not null)
   or (r.state <> 'ORPHAN_SETTLED' and r.state <> 'REVERSED' and has_reserve = 0)
   or has_settle + has_void + has_expire + has_orphan > 1
   or (r.state = 'HELD' and has_settle + has_void + has_expire + has_reconcile + has_orphan + has_reverse > 0)
   or (r.state = 'SETTLED' and (has_settle = 0 or has_reconcile + has_reverse > 0))
   or (r.state = 'VOIDED' and (has_void = 0 or has_reconcile + has_reverse > 0))
   or (r.state = 'EXPIRED' and (has_expire = 0 or has_reconcile + has_reverse > 0))
   or (r.state = 'RECONCILED' and (has_expire = 0 or has_reverse > 0))
   or (r.state = 'ORPHAN_SETTLED' and has_reserve + has_extend + has_settle + has_void + has_expire + has_reconcile + has_reverse > 0)
   or (has_reconcile > 0 and has_expire = 0);

-- I4. An operation posts to a bucket and period once; only extensions come several times, each with a number of its own.
select 'I4' as invariant, tenant, reservation_id || ' ' || bucket as place, 'an operation is posted twice' as broken
from entry
group by tenant, reservation_id, operation, bucket, period
having count(*) > count(distinct op_seq)
    or (operation <> 'extend' and count(*) > 1);

-- I5. There is one of each reservation, whatever is repeated. A row here, or two balances of one period, means that the
-- index of the primary key is broken, as a new version of the system's collation may leave it: reindex.
select 'I5' as invariant, tenant, reservation_id as place, 'a reservation is here twice' as broken
from reservation
group by tenant, reservation_id
having count(*) > 1;

-- I5. There is one balance of each bucket and period.
select 'I5' as invariant, tenant, bucket || ' ' || period as place, 'a balance is here twice' as broken
from balance
group by tenant, bucket, period
having count(*) > 1;

-- I6. The funding buckets together hold all that a reservation is for.
select 'I6' as invariant, r.tenant, r.reservation_id as place, 'the funding buckets do not hold the amount' as broken
from reservation r
left join (select e.tenant, e.reservation_id,
           sum(e.held_input) as held_input,
           sum(e.held_output) as held_output,
           sum(e.held_cache_read) as held_cache_read,
           sum(e.held_cache_write) as held_cache_write,
           sum(e.held_cost) as held_cost
      from entry e
      join bucket b on b.tenant = e.tenant and b.bucket = e.bucket and b.tier in ('PERSONAL', 'PROJECT', 'SUPPLEMENTARY')
      group by e.tenant, e.reservation_id) s
  on s.tenant = r.tenant and s.reservation_id = r.reservation_id
where r.state = 'HELD'
  and (coalesce(s.held_input, 0) <> r.amount_input
     or coalesce(s.held_output, 0) <> r.amount_output
     or coalesce(s.held_cache_read, 0) <> r.amount_cache_read
     or coalesce(s.held_cache_write, 0) <> r.amount_cache_write
     or coalesce(s.held_cost, 0) <> r.amount_cost);

-- I6. Every cap holds all of it.
select 'I6' as invariant, r.tenant, r.reservation_id || ' ' || e.bucket as place, 'a cap does not hold the amount' as broken
from reservation r
join entry e on e.tenant = r.tenant and e.reservation_id = r.reservation_id
join bucket b on b.tenant = e.tenant and b.bucket = e.bucket and b.tier = 'CAP'
where r.state = 'HELD'
group by r.tenant, r.reservation_id, e.bucket, r.amount_input, r.amount_output, r.amount_cache_read, r.amount_cache_write, r.amount_cost
having sum(e.held_input) <> r.amount_input
    or sum(e.held_output) <> r.amount_output
    or sum(e.held_cache_read) <> r.amount_cache_read
    or sum(e.held_cache_write) <> r.amount_cache_write
    or sum(e.held_cost) <> r.amount_cost;

-- I6. What a reservation is charged is what its funding buckets posted.
select 'I6' as invariant, r.tenant, r.reservation_id as place, 'the charge is not what the funding buckets posted' as broken
from reservation r
left join (select e.tenant, e.reservation_id,
           sum(e.used_input) as used_input,
           sum(e.used_output) as used_output,
           sum(e.used_cache_read) as used_cache_read,
           sum(e.used_cache_write) as used_cache_write,
           sum(e.used_cost) as used_cost
      from entry e
      join bucket b on b.tenant = e.tenant and b.bucket = e.bucket and b.tier in ('PERSONAL', 'PROJECT', 'SUPPLEMENTARY')
      group by e.tenant, e.reservation_id) s
  on s.tenant = r.tenant and s.reservation_id = r.reservation_id
where r.charged_input <> coalesce(s.used_input, 0)
   or r.charged_output <> coalesce(s.used_output, 0)
   or r.charged_cache_read <> coalesce(s.used_cache_read, 0)
   or r.charged_cache_write <> coalesce(s.used_cache_write, 0)
   or r.charged_cost <> coalesce(s.used_cost, 0);

-- I6. Every cap is charged the same.
select 'I6' as invariant, r.tenant, r.reservation_id || ' ' || e.bucket as place, 'a cap is not charged what was used' as broken
from reservation r
join entry e on e.tenant = r.tenant and e.reservation_id = r.reservation_id
join bucket b on b.tenant = e.tenant and b.bucket = e.bucket and b.tier = 'CAP'
group by r.tenant, r.reservation_id, e.bucket, r.charged_input, r.charged_output, r.charged_cache_read, r.charged_cache_write, r.charged_cost
having sum(e.used_input) <> r.charged_input
    or sum(e.used_output) <> r.charged_output
    or sum(e.used_cache_read) <> r.charged_cache_read
    or sum(e.used_cache_write) <> r.charged_cache_write
    or sum(e.used_cost) <> r.charged_cost;

-- I10. Overrun is a part of what was used.
select 'I10' as invariant, tenant, bucket || ' ' || period as place, 'more is overrun than was used' as broken
from balance
where overrun_input > used_input
   or overrun_output > used_output
   or overrun_cache_read > used_cache_read
   or overrun_cache_write > used_cache_write
   or overrun_cost > used_cost;

-- I12. Every entry belongs to a reservation, a bucket and a balance of its own tenant.
select 'I12' as invariant, e.tenant, e.reservation_id || ' ' || e.bucket as place, 'an entry belongs to nothing' as broken
from entry e
where not exists (select 1 from reservation r where r.tenant = e.tenant and r.reservation_id = e.reservation_id)
   or not exists (select 1 from bucket b where b.tenant = e.tenant and b.bucket = e.bucket)
   or not exists (select 1 from balance b where b.tenant = e.tenant and b.bucket = e.bucket and b.period = e.period);

commit;
