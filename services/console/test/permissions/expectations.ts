// Who may do what to what: the decision, written down beside the code that carries it out and not taken from it. For each
// operation and role one character for each place, in the order himself, his department, below it, beside it, another company:
//
//   y  it is done      n  it is refused      -  as if it were not there      .  there is no such case

import type { OperationId } from '../../src/routes/table.ts';
import type { RoleWord } from './world.ts';

export type Verdicts = Readonly<Record<RoleWord, string>>;

/** An operation, or one of several ways to call it: `putBucket:department`. */
export type CaseName = OperationId | `${OperationId}:${string}`;

const roles = (root: string, companyAdmin: string, departmentAdmin: string, member: string): Verdicts => ({
  root,
  companyAdmin,
  departmentAdmin,
  member,
});

/** One's own, and what one runs. */
const SEES = roles('yyyyy', 'yyyy-', 'yyy--', 'y----');
/** As SEES, of what has to do with admins only. */
const ADMIN_SEES = roles('yyyyy', 'yyyy-', 'yyy--', 'nnnnn');
/** Of a department itself. */
const DEPARTMENT = roles('.yyyy', '.yyy-', '.yy--', '.nnnn');
/** What bounds a department: for those above it. */
const BOUND = roles('.yyyy', '.yyy-', '.ny--', '.nnnn');
/** What is somebody's to have and not his to change. */
const GIVEN = roles('yyyyy', 'yyyy-', 'nyy--', 'nnnnn');
/** Of the company as a whole. */
const COMPANY = roles('y...y', 'y...-', 'n...n', 'n...n');
const COMPANY_FOR_ADMINS = roles('y...y', 'y...-', 'y...-', 'n...n');

/** Of the installation. */
const ROOT = roles('y....', 'n....', 'n....', 'n....');

export const EXPECTED: Partial<Readonly<Record<CaseName, Verdicts>>> = {
  listCompanies: roles('y...y', 'y...-', 'y...-', 'y...-'),
  createCompany: roles('y....', 'n....', 'n....', 'n....'),
  getCompany: roles('y...y', 'y...-', 'y...-', 'y...-'),
  updateCompany: COMPANY,
  'updateCompany:suspend': roles('y...y', 'n...-', 'n...n', 'n...n'),

  listDepartments: DEPARTMENT,
  createDepartment: DEPARTMENT,
  getDepartment: DEPARTMENT,
  updateDepartment: DEPARTMENT,
  removeDepartment: BOUND,

  listUsers: SEES,
  createUser: DEPARTMENT,
  getUser: SEES,
  updateUser: ADMIN_SEES,
  removeUser: ADMIN_SEES,

  listRoleGrants: roles('yyyyy', 'yyyy-', 'yyy--', '.----'),
  'grantRole:departmentAdmin': DEPARTMENT,
  'grantRole:companyAdmin': roles('.yyyy', '.yyy-', '.nn--', '.nnnn'),
  'grantRole:root': roles('.yyyy', '.nnn-', '.nn--', '.nnnn'),
  revokeRole: DEPARTMENT,

  // Himself: a project of another department that he is a member of.
  listProjects: SEES,
  createProject: DEPARTMENT,
  getProject: SEES,
  updateProject: GIVEN,
  removeProject: GIVEN,
  listProjectMembers: SEES,
  putProjectMember: GIVEN,
  removeProjectMember: GIVEN,

  listKeys: SEES,
  createKey: SEES,
  getKey: SEES,
  updateKey: SEES,
  rotateKey: SEES,
  revokeKey: SEES,

  importOrganisation: DEPARTMENT,

  listProviders: COMPANY,
  getProvider: COMPANY,
  putProvider: COMPANY,
  removeProvider: COMPANY,
  refreshModels: COMPANY,
  listAliases: COMPANY_FOR_ADMINS,
  getAlias: COMPANY_FOR_ADMINS,
  putAlias: COMPANY,
  removeAlias: COMPANY,
  getSealing: COMPANY,
  rotateDataKey: COMPANY,
  getMasterKeys: ROOT,
  rotateMasterKey: ROOT,
  rewrapDataKeys: ROOT,
  listPrices: COMPANY_FOR_ADMINS,
  putPrices: COMPANY,
  explainCost: COMPANY_FOR_ADMINS,
  getPrices: COMPANY_FOR_ADMINS,

  listQuotas: SEES,
  getQuota: SEES,
  updateQuota: GIVEN,
  'listBuckets:personal': ADMIN_SEES,
  'listBuckets:department': DEPARTMENT,
  'listBuckets:project': roles('yyyyy', 'yyyy-', '-yy--', 'nnnnn'),
  'listBuckets:company': roles('y...y', 'y...-', '-...-', 'n...n'),
  'getBucket:personal': SEES,
  'getBucket:department': roles('.yyyy', '.yyy-', '.yy--', '.----'),
  'getBucket:project': roles('yyyyy', 'yyyy-', 'nyy--', 'n----'),
  'getBucket:grant': SEES,
  'getBucket:company': roles('y...y', 'y...-', 'n...-', 'n...-'),
  'putBucket:personal': GIVEN,
  'putBucket:department': BOUND,
  'putBucket:project': GIVEN,
  'putBucket:company': roles('y...y', 'y...-', 'n...-', 'n...n'),
  'updateBucket:personal': GIVEN,
  'updateBucket:department': BOUND,
  'closeBucket:department': BOUND,
  'closeBucket:grant': GIVEN,
  'createGrant:user': GIVEN,
  'createGrant:department': BOUND,
  'createGrant:project': GIVEN,
  'createGrant:company': roles('y...y', 'y...-', 'n...-', 'n...n'),
  updateGrant: GIVEN,
  closeGrant: GIVEN,
  listFundingOrders: COMPANY,
  'getFundingOrder:user': ADMIN_SEES,
  'putFundingOrder:user': GIVEN,
  'putFundingOrder:department': BOUND,
  'removeFundingOrder:user': GIVEN,
  getQuotaPolicy: COMPANY_FOR_ADMINS,
  updateQuotaPolicy: COMPANY,
  'getStatement:personal': SEES,
  'getStatement:department': roles('.yyyy', '.yyy-', '.yy--', '.----'),
  'getStatement:project': roles('yyyyy', 'yyyy-', 'nyy--', 'n----'),
  getReceipt: SEES,
  reverseReservation: roles('yyyyy', 'yyyy-', 'nnnnn', 'nnnnn'),

  listQuotaRequests: SEES,
  createQuotaRequest: roles('y....', 'y....', 'y....', 'y....'),
  getQuotaRequest: SEES,
  approveQuotaRequest: roles('nyyyy', 'nyyy-', 'nyy--', 'nnnnn'),
  refuseQuotaRequest: roles('nyyyy', 'nyyy-', 'nyy--', 'nnnnn'),
  withdrawQuotaRequest: roles('ynnnn', 'ynnn-', 'ynn--', 'y----'),

  'listAccessPolicies:user': SEES,
  'listAccessPolicies:department': roles('.yyyy', '.yyy-', '.yy--', '.----'),
  'getAccessPolicy:user': SEES,
  'getAccessPolicy:department': roles('.yyyy', '.yyy-', '.yy--', '.----'),
  'getAccessPolicy:key': SEES,
  'putAccessPolicy:user': GIVEN,
  'putAccessPolicy:department': DEPARTMENT,
  'putAccessPolicy:company': roles('y...y', 'y...-', '-...-', 'n...n'),
  getEffectivePolicy: SEES,

  listRuleSets: DEPARTMENT,
  createRuleSet: DEPARTMENT,
  getRuleSet: DEPARTMENT,
  putRuleSet: DEPARTMENT,
  removeRuleSet: DEPARTMENT,
  testRules: DEPARTMENT,
  countRuleHits: DEPARTMENT,

  whoAmI: roles('y....', 'y....', 'y....', 'y....'),
  listSessions: SEES,
  endUserSessions: SEES,
  endUserSession: SEES,
  resetPassword: ADMIN_SEES,

  listIdentityProviders: COMPANY,
  putIdentityProvider: COMPANY,
  removeIdentityProvider: COMPANY,
  linkIdentity: roles('yyyyy', 'yyyy-', 'nnnnn', 'nnnnn'),

  listAccess: SEES,
  listEvents: ADMIN_SEES,
  sumUsage: SEES,
  listTrailLogs: ROOT,
  readTrail: ROOT,
  listRoots: ROOT,
};

/** What is no question of roles. */
export const ELSEWHERE: Partial<Readonly<Record<OperationId, string>>> = {
  getDocument: 'holds for everybody: openapi.test.ts',
  signIn: 'is how one becomes somebody: sessions.test.ts',
  signOut: 'ends the session that asks: sessions.test.ts',
  changePassword: 'is about oneself: sessions.test.ts',
  beginSignIn: 'is how one becomes somebody: sessions.test.ts',
  finishSignIn: 'is how one becomes somebody: sessions.test.ts',
};
