/** A kernel's subshell for our messages, so that a click is answered while a cell runs. */

import { KernelMessage, type Kernel } from '@jupyterlab/services';

const PATIENCE = 3000;

/**
 * Has a subshell made, and resolves with its id; null for a kernel that has none.
 *
 * It is asked for on the control channel by hand: the kernel connection's own way first waits for the main shell,
 * which after a reload of the page may be busy for an hour.
 */
export async function makeSubshell(kernel: Kernel.IKernelConnection): Promise<string | null> {
  const ask = KernelMessage.createMessage({
    msgType: 'create_subshell_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: {}
  } as never) as unknown as KernelMessage.IControlMessage;
  const future = kernel.sendControlMessage(ask as never, true);
  const patience = new Promise<null>(resolve => setTimeout(() => resolve(null), PATIENCE));
  try {
    const reply = (await Promise.race([future.done, patience])) as { content: { subshell_id?: string } } | null;
    return reply?.content.subshell_id ?? null;
  } catch {
    return null;
  }
}

/** Does something whose messages go to a subshell; it must send them before it returns. */
export function onSubshell<T>(kernel: Kernel.IKernelConnection, subshell: string | null, work: () => T): T {
  const connection = kernel as unknown as { subshellId: string | null };
  const before = connection.subshellId;
  connection.subshellId = subshell;
  try {
    return work();
  } finally {
    connection.subshellId = before;
  }
}
