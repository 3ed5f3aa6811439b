import { type Change, shortText } from '../model/changes.ts';

/** More are not listed: who compares with the beginning wants to see what matters first. */
const MAX_ROWS = 300;

/** Changes in groups; `depth`: how much of a path is the group's name. */
export function ChangeTable(props: {
  readonly changes: readonly Change[];
  readonly depth: number;
  readonly nothing: string;
}) {
  const { changes, depth, nothing } = props;
  if (changes.length === 0) return <p class="empty">{nothing}</p>;
  const groups = Map.groupBy(changes.slice(0, MAX_ROWS), ({ path }) => path.slice(0, depth).join(' › '));
  return (
    <table class="changes">
      <tbody>
        {[...groups].map(([name, group]) =>
          group.map(({ path, kind, before, after }, index) => (
            <tr key={`${name} ${index}`} class={kind}>
              <th scope="row">
                {index === 0 && <b>{name}</b>}
                {path.length > depth && <span>{path.slice(depth).join(' › ')}</span>}
              </th>
              <td>
                {kind !== 'added' && <del>{valueText(before, path.length <= depth)}</del>}
                {kind !== 'removed' && <ins>{valueText(after, path.length <= depth)}</ins>}
              </td>
            </tr>
          )),
        )}
        {changes.length > MAX_ROWS && (
          <tr>
            <td colSpan={2}>and {changes.length - MAX_ROWS} more</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** Some objects have nothing more to say than that they are there. */
function valueText(value: unknown, isObject: boolean): string {
  return value === true && isObject ? 'there' : shortText(value);
}
