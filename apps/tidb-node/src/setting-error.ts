/** A setting that cannot be used: its message names it, the rule and the remedy. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}
