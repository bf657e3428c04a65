/** A kernel's subshell for our messages, so that a click is answered while a cell runs. */

import { KernelMessage, type Kernel } from '@jupyterlab/services';

/**
 * Has a subshell made, and resolves with its id; null for a kernel that has none.
 *
 * It is asked for on the control channel by hand: the kernel connection's own way first waits for the main shell,
 * which after a reload of the page may be busy for an hour. A kernel that knows no subshells never answers; it says
 * so when its main shell does.
 */
export async function makeSubshell(kernel: Kernel.IKernelConnection): Promise<string | null> {
  if ('commsOverSubshells' in kernel && kernel.commsOverSubshells === 'disabled') {
    return null;
  }
  const ask = KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
    msgType: 'create_subshell_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: {}
  });
  const none = kernel.info.then(() => (kernel.supportsSubshells ? new Promise<never>(() => undefined) : null));
  const reply = await Promise.race([kernel.sendControlMessage(ask, true).done, none]);
  return (reply as KernelMessage.ICreateSubshellReplyMsg | null)?.content.subshell_id ?? null;
}

/** Has a subshell ended that nobody needs any more. */
export function discardSubshell(kernel: Kernel.IKernelConnection, subshell: string | null): void {
  if (subshell !== null && !kernel.isDisposed) {
    kernel.requestDeleteSubshell({ subshell_id: subshell }, true);
  }
}

/** Does something whose messages go to a subshell; it must send them before it returns. */
export function onSubshell<T>(kernel: Kernel.IKernelConnection, subshell: string | null, work: () => T): T {
  const before = kernel.subshellId;
  kernel.subshellId = subshell;
  try {
    return work();
  } finally {
    kernel.subshellId = before;
  }
}
