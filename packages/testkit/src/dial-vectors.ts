// Addresses of providers that an attacker would have a gateway call, and what his name servers would say. None may be
// dialled by a gateway whose operator lists no network.

export interface DialVector {
  readonly baseUrl: string;
  /** What the resolver says of the host, when that is a name. */
  readonly answer?: readonly string[];
  /** What it says of it when it is asked for the first time. */
  readonly firstAnswer?: readonly string[];
  /** True when who calls it without looking reaches this machine's port. */
  readonly isReaching: boolean;
}

/** @param port where the test listens on every address of this machine */
export function dialVectors(port: number): readonly DialVector[] {
  const reaching = [...LOOPBACK_V4, ...LOOPBACK_V6].flatMap((host) => [
    { baseUrl: `http://${host}:${port}/v1`, isReaching: true },
    { baseUrl: `https://${host}:${port}/v1`, isReaching: true },
  ]);
  const elsewhere = [...FORBIDDEN_V4, ...FORBIDDEN_V6].map((host) => ({
    baseUrl: `https://${host}/v1`,
    isReaching: false,
  }));
  const plain = [...FORBIDDEN_V4.slice(0, 8), ...METADATA, '1.1.1.1', '[2606:4700:4700::1111]'].map(
    (host) => ({
      baseUrl: `http://${host}/latest/meta-data`,
      isReaching: false,
    }),
  );
  const ports = REFUSED_PORTS.map((refused) => ({
    baseUrl: `https://1.1.1.1:${refused}`,
    isReaching: false,
  }));
  return [...reaching, ...elsewhere, ...plain, ...ports, ...tricks(port), ...names(port)];
}

// 127.0.0.1, its neighbours, and "this host", which is the same one: in every way that a parser takes.
const LOOPBACK_V4 = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.0.0.2',
  '127.1',
  '127.0.1',
  '127.65.43.21',
  '127.255.255.254',
  '2130706433',
  '2130706433.',
  '0x7f000001',
  '0X7F000001',
  '0x7f.1',
  '0x7f.0.0.1',
  '0x7f.0x0.0x0.0x1',
  '0x0000007f.0.0.0x01',
  '017700000001',
  '0177.1',
  '0177.0.0.1',
  '00000177.00.0.01',
  '0x7f.0.01',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '%30x7f000001',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '127．0．0．1',
  '127｡0｡0｡1',
  '𝟏𝟐𝟕.0.0.𝟭',
  '0.0.0.0',
  '0',
  '0x0',
  '00.00.00.00',
  '0x0.0',
];

const LOOPBACK_V6 = [
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::0001]',
  '[0::0:1]',
  '[::]',
  '[0:0:0:0:0:0:0:0]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:7f00:0001]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[0:0:0:0:0:ffff:7f12:3456]',
  '[::ffff:0.0.0.0]',
];

const METADATA = [
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '169.254.169.253',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.42.42',
  '169.254.0.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '[fd00:ec2::254]',
  '[fd00:ec2::23]',
  '[fd20:ce::254]',
  '[fe80::a9fe:a9fe]',
  '[::ffff:169.254.169.254]',
  '[::a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:a9fe:a9fe::1]',
];

// One of each network that is no part of the public internet, its first or last address.
const FORBIDDEN_V4 = [
  '10.0.0.5',
  '10.255.255.255',
  '0x0a000005',
  '012.0.0.5',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.0.1',
  '192.168.255.254',
  '3232235521',
  '0.0.0.1',
  '0.255.255.255',
  '100.64.0.1',
  '100.127.255.254',
  '192.0.0.1',
  '192.0.0.170',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.19.255.254',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.254',
  '255.255.255.255',
  '4294967295',
];

const FORBIDDEN_V6 = [
  ...METADATA,
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::10.0.0.5]',
  '[::8.8.8.8]',
  '[::ffff:10.0.0.5]',
  '[::ffff:0:127.0.0.1]',
  '[::ffff:0:8.8.8.8]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::10.0.0.5]',
  '[64:ff9b::192.168.0.1]',
  '[64:ff9b::100.64.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[64:ff9b:1:a00::5]',
  '[2002:7f00:1::]',
  '[2002:a00:5::1]',
  '[2002:808:808::1]',
  // Teredo: the client at the end is turned over; 127.0.0.1, 10.0.0.5.
  '[2001:0:4136:e378:8000:63bf:80ff:fffe]',
  '[2001:0:4136:e378:8000:63bf:f5ff:fffa]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:2::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[100::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00::2]',
  '[fd12:3456:789a::1]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[ff0e::1]',
  '[4000::1]',
  '[8000::1]',
  // ISATAP: an address of the internet that a tunnel takes to 10.0.0.5.
  '[2606:4700::5efe:a00:5]',
  '[2606:4700::200:5efe:7f00:1]',
];

const REFUSED_PORTS = [
  0, 1, 22, 25, 53, 80, 110, 143, 389, 465, 587, 993, 2049, 5060, 6000, 6379, 6667, 11211,
];

/** What parsers read otherwise than people do. */
function tricks(port: number): readonly DialVector[] {
  const here = `127.0.0.1:${port}`;
  const reaching = [
    `http://api.openai.com@${here}/v1`,
    `http://api.openai.com:443@${here}/v1`,
    `https://api.openai.com%2f@${here}/v1`,
    `http://@${here}/v1`,
    `http://:@${here}/v1`,
    `http:\\\\${here}\\v1`,
    `http:/${here}/v1`,
    `http:${here}/v1`,
    `http:////${here}/v1`,
    `http://${here}\\@api.openai.com/v1`,
    `http://${here}#@api.openai.com/v1`,
    `http://${here}?@api.openai.com/v1`,
    `http://${here}/v1?`,
    `http://${here}/v1#`,
    `ht\ntp://${here}/v1`,
    `http://127.0.\t0.1:${port}/v1`,
    ` http://${here}/v1`,
    `http://${here}/v1\r\n`,
    `http://127.0.0\u00ad.1:${port}/v1`,
    `http://127.0.0.\u200b1:${port}/v1`,
    `HTTP://${here}/v1`,
    `http://${here}/v1/../../v1`,
    `http://127.0.0.1:0${port}/v1`,
  ];
  const wrong = [
    'ftp://1.1.1.1/v1',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_x',
    'dict://127.0.0.1:11211/',
    'ws://127.0.0.1/v1',
    'unix:///var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/v1',
    'data:application/json,{}',
    'javascript:0',
    'blob:http://127.0.0.1/1',
    '//127.0.0.1/v1',
    '127.0.0.1/v1',
    '',
    'https://',
    'https://:443/v1',
    'https://[::1',
    'https://[fe80::1%25eth0]/v1',
    'https://1.1.1.1:65536/v1',
    'https://api.openai.com\0.evil.example/v1',
    'https://{resource}.openai.azure.com/v1',
    'https://*.example/v1',
    'https://host..example./v1',
  ];
  return [
    ...reaching.map((baseUrl) => ({ baseUrl, isReaching: true })),
    ...wrong.map((baseUrl) => ({ baseUrl, isReaching: false })),
  ];
}

type NameRow = readonly [host: string, answer: readonly string[]];

const HERE = ['127.0.0.1'];
const PUBLIC = ['93.184.215.14'];

/** Names that lead here, or do so later than they are looked at. */
function names(port: number): readonly DialVector[] {
  const reaching: readonly NameRow[] = [
    ['localhost', HERE],
    ['LOCALHOST', HERE],
    ['ｌｏｃａｌｈｏｓｔ', HERE],
    ['localhost.', HERE],
    ['any.localhost', HERE],
    ['localhost.localdomain', HERE],
    ['ip6-localhost', ['::1']],
    ['127.0.0.1.nip.example', HERE],
    ['xn--bcher-kva.example', HERE],
    ['bücher.example', HERE],
    ['a.example', ['::1']],
    ['b.example', ['::ffff:127.0.0.1']],
    ['c.example', ['::ffff:7f00:1']],
    ['d.example', ['0.0.0.0']],
    ['e.example', ['::']],
    ['f.example', ['127.8.9.10']],
    ['g.example', ['127.0.0.1', '93.184.215.14']],
    ['h.example', ['::1', '93.184.215.14']],
    ['i.example', ['127.0.0.1', '::1']],
    ['j.example', ['::1', '2606:2800:21f:cb07:6820:80da:af6b:8b2c']],
    ['trailing.example.', HERE],
  ];
  const elsewhere: readonly NameRow[] = [
    ['metadata.google.internal', ['169.254.169.254']],
    ['metadata', ['169.254.169.254']],
    ['instance-data.ec2.internal', ['fd00:ec2::254']],
    ['router.lan', ['192.168.0.1']],
    ['db.corp', ['10.1.2.3']],
    ['mixed.example', ['93.184.215.14', '10.0.0.5']],
    ['mapped.example', ['::ffff:10.0.0.5']],
    ['translated.example', ['64:ff9b::a00:5']],
    ['tunnel.example', ['2002:a00:5::1']],
    ['zoned.example', ['fe80::1%eth0']],
    ['local.example', ['fd12::1', '2606:4700::1111']],
    ['cgnat.example', ['100.64.3.4']],
    ['none.example', []],
    ['nonsense.example', ['not an address']],
  ];
  const by =
    (scheme: string, isReaching: boolean) =>
    ([host, answer]: NameRow): DialVector => ({
      baseUrl: `${scheme}://${host}:${port}/v1`,
      answer,
      isReaching,
    });
  return [
    ...reaching.flatMap((row) => [by('https', true)(row), by('http', true)(row)]),
    ...elsewhere.flatMap((row) => [by('https', false)(row), by('http', false)(row)]),
    // Public where they are saved, here where they are dialled; and public, but not https.
    ...REBINDING.map((answer, index) => ({
      baseUrl: `https://rebinding-${index}.example:${port}/v1`,
      answer,
      firstAnswer: PUBLIC,
      isReaching: true,
    })),
    { baseUrl: `http://public.example:${port}/v1`, answer: PUBLIC, isReaching: false },
  ];
}

/** Whoever looks first and dials by the name afterwards is led here. */
const REBINDING: readonly (readonly string[])[] = [
  HERE,
  ['::1'],
  ['127.0.0.1', ...PUBLIC],
  ['::ffff:127.0.0.1'],
  ['0.0.0.0'],
];
