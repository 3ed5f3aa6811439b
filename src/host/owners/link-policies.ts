import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LINK_POLICY_FOLDER, LINK_POLICY_MARK } from '../../domain/udev/link-policy.ts';
import { readSmallFile } from '../read-small-file.ts';

/** Paths of `.link` files and drop-ins for udev that carry our mark. Never rejects. */
export async function readLinkPolicies(root = '/'): Promise<readonly string[]> {
  const names = await readdir(join(root, LINK_POLICY_FOLDER)).catch(() => []);
  const candidates = names.flatMap(name => {
    if (name.endsWith('.link.d')) return [join(LINK_POLICY_FOLDER, name, '50-ovs-uplink.conf')];
    return name.includes('-ovs-uplink-') && name.endsWith('.link') ? [join(LINK_POLICY_FOLDER, name)] : [];
  });
  const paths: string[] = [];
  for (const path of candidates) {
    const text = await readSmallFile(join(root, path));
    if (text?.startsWith(LINK_POLICY_MARK) === true) paths.push(path);
  }
  return paths;
}
