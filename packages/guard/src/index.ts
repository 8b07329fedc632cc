export {
  type ClientAddressOf,
  clientAddressReader,
  NO_PROXIES,
  type TrustedProxies,
} from './client-address.ts';
export { forwardedHeaderSetting, proxiesIn, trustedProxiesSetting } from './trusted-proxies.ts';
export { WrongKeys } from './wrong-keys.ts';
