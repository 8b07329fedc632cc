import { RewrapDataKeysRequest, type Router } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import type { SealingRoutes } from '../routes/sealing-routes.ts';

export const sealing = (router: Router): Handlers<SealingRoutes> => ({
  getSealing: async ({ tenant }) => {
    const { dataKeys, credentialsLeft } = await router.getSealingStatus({ tenant });
    return { body: { dataKeys, credentialsLeft } };
  },

  rotateDataKey: async ({ tenant, audit }) => {
    const body = await router.rotateDataKey({ tenant });
    const { version, resealed, unopened } = body;
    const details = { resealed: String(resealed), unopened: String(unopened) };
    await audit({ action: 'dataKey.rotate', subject: String(version), details });
    return { body };
  },

  getMasterKeys: async ({ tenant }) => {
    const { masterKeys, dataKeysLeft } = await router.getSealingStatus({ tenant });
    return { body: { masterKeys, dataKeysLeft } };
  },

  rotateMasterKey: async ({ audit }) => {
    const body = await router.rotateMasterKey({});
    await audit({ action: 'masterKey.rotate', subject: body.masterKeyId });
    return { body };
  },

  rewrapDataKeys: async ({ audit }) => {
    const body = await router.rewrapDataKeys(RewrapDataKeysRequest.create());
    const details = { rewrapped: String(body.rewrapped), left: String(body.left) };
    await audit({ action: 'dataKeys.rewrap', subject: 'dataKeys', details });
    return { body };
  },
});
