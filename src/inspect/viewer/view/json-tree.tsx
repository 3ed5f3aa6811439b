import { useState } from 'preact/hooks';
import { shortText } from '../model/changes.ts';

/** Elements of a list or object that are shown at once. */
const MAX_CHILDREN = 200;

/** A JSON value that can be opened part by part; what is closed is not in the page. */
export function JsonTree(props: { readonly name: string; readonly value: unknown; readonly isOpen: boolean }) {
  const { name, value } = props;
  const [isOpen, setOpen] = useState(props.isOpen);
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="leaf">
        <span class="key">{name}</span> {shortText(value, 400)}
      </div>
    );
  }
  const entries = Object.entries(value);
  return (
    <div class="tree">
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? '▾' : '▸'} <span class="key">{name}</span> {isOpen ? '' : shortText(value, 60)}
      </button>
      {isOpen && (
        <div class="children">
          {entries.slice(0, MAX_CHILDREN).map(([key, child]) => (
            <JsonTree key={key} name={key} value={child} isOpen={false} />
          ))}
          {entries.length > MAX_CHILDREN && <p>and {entries.length - MAX_CHILDREN} more</p>}
        </div>
      )}
    </div>
  );
}
