/** Loads our package in a kernel, without a trace in the notebook. */

import type { Kernel } from '@jupyterlab/services';
import type { LinkState } from '../panel';
import { onSubshell } from './subshell';

/** What `%load_ext` does, without it: IPython makes its own magics on first use, and not safely on two shells. */
const LOAD = `__import__('mle_ideator_jupyter').load_ipython_extension(get_ipython())`;

export type Translate = (text: string, ...values: string[]) => string;

/** Loads the kernel side; resolves with what is wrong, if anything. */
export async function loadPackage(
  kernel: Kernel.IKernelConnection,
  subshell: string | null,
  t: Translate
): Promise<LinkState | null> {
  const content = { code: LOAD, silent: true, store_history: false, allow_stdin: false, stop_on_error: false };
  const { content: reply } = await onSubshell(kernel, subshell, () => kernel.requestExecute(content)).done;
  if (reply.status === 'ok') {
    return null;
  }
  if (reply.status !== 'error') {
    return { kind: 'error', detail: t('The kernel dropped the request. Click again.') };
  }
  const language = (await kernel.info).language_info.name;
  if (language !== 'python') {
    return { kind: 'error', detail: t('Ideas need a Python kernel; this one runs %1.', language) };
  }
  const detail = oneLine(`${reply.ename}: ${reply.evalue}`);
  return { kind: reply.ename === 'ModuleNotFoundError' ? 'no-package' : 'error', detail };
}

/** The first line of what went wrong. */
export function oneLine(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return text.split('\n')[0].slice(0, 300);
}
