import type { Router } from '@ai-switch/contracts';
import { changeEvent } from '../change-event.ts';
import type { Handlers } from '../handler.ts';
import type { SealingRoutes } from '../routes/sealing-routes.ts';

export const sealing = (router: Router): Handlers<SealingRoutes> => ({
  getSealing: async ({ tenant }) => {
    const { dataKeys, credentialsLeft } = await router.getSealingStatus({ tenant });
    return { body: { dataKeys, credentialsLeft } };
  },

  rotateDataKey: async (request) => {
    const { tenant } = request;
    // The router knows the version that it makes.
    const event = changeEvent(request, { action: 'dataKey.rotate', subject: '' });
    return { body: await router.rotateDataKey({ tenant, event }) };
  },

  getMasterKeys: async ({ tenant }) => {
    const { masterKeys, dataKeysLeft } = await router.getSealingStatus({ tenant });
    return { body: { masterKeys, dataKeysLeft } };
  },

  rotateMasterKey: async (request) => {
    const event = changeEvent(request, { action: 'masterKey.rotate', subject: '' });
    return { body: await router.rotateMasterKey({ event }) };
  },

  rewrapDataKeys: async (request) => {
    const event = changeEvent(request, { action: 'dataKeys.rewrap', subject: 'dataKeys' });
    return { body: await router.rewrapDataKeys({ event }) };
  },
});
