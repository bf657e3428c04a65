/** Comms go through one of a page's connections to a kernel only; this finds it, where notebooks share a kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';

/** Returns a kernel's connections that other notebooks of this page hold. */
export type Others = (id: string) => readonly Kernel.IKernelConnection[];

/** The connections that were made for comms, by kernel. */
const made = new Map<string, Kernel.IKernelConnection>();

/**
 * Returns the connection that comms to this kernel go through: its own, else another notebook's, else a new one where
 * nobody else in this page has comms. Throws with one line where that is somebody else.
 */
export function withComms(
  kernel: Kernel.IKernelConnection,
  context: ISessionContext,
  others: Others,
  refusal: string
): Kernel.IKernelConnection {
  const known = [kernel, ...others(kernel.id), made.get(kernel.id)];
  const found = known.find(one => one?.handleComms && !one.isDisposed);
  if (found) {
    return found;
  }
  const connection = context.kernelManager?.connectTo({ model: kernel.model });
  if (!connection?.handleComms) {
    connection?.dispose();
    throw new Error(refusal);
  }
  made.set(kernel.id, connection);
  return connection;
}
