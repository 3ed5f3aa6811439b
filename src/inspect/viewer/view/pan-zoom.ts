import { useEffect, useRef, useState } from 'preact/hooks';
import type { Picture, Rectangle } from '../../picture/picture.ts';

const LARGEST = 4;

/** What of a picture is to be seen. Without a hand on it: all of it, or where that cannot be read, what surrounds the focus. */
export function usePanZoom(
  picture: Pick<Picture, 'width' | 'height'>,
  size: { readonly width: number; readonly height: number },
  focus: Rectangle | undefined,
  readable: number,
) {
  /** Scale and middle that somebody chose; null for those of ours. */
  const [chosen, choose] = useState<{ readonly scale: number; readonly x: number; readonly y: number } | null>(null);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const fitting = Math.min(size.width / picture.width, size.height / picture.height);
  const middle = focus ?? { x: 0, y: 0, width: picture.width, height: Math.min(picture.height, size.height) };
  const own =
    fitting >= readable
      ? { scale: Math.min(fitting, 1.5), x: picture.width / 2, y: picture.height / 2 }
      : { scale: readable, x: middle.x + middle.width / 2, y: middle.y + middle.height / 2 };
  const { scale, x, y } = chosen ?? own;
  const [width, height] = [size.width / scale, size.height / scale];
  const view = {
    x: within(x - width / 2, picture.width - width),
    y: within(y - height / 2, picture.height - height),
    width,
    height,
  };
  const centre = { x: view.x + width / 2, y: view.y + height / 2 };
  const zoom = (factor: number): void => {
    const next = Math.min(LARGEST, Math.max(fitting / 2, scale * factor));
    choose({ ...centre, scale: next });
  };
  const moves = useRef({ scale, centre });
  useEffect(() => {
    moves.current = { scale, centre };
  });

  return {
    view,
    zoom,
    fit: () => choose(chosen === null ? { scale: fitting, x: picture.width / 2, y: picture.height / 2 } : null),
    handlers: {
      onWheel(event: WheelEvent) {
        event.preventDefault();
        zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
      },
      onPointerDown({ pointerId, clientX, clientY }: PointerEvent) {
        pointers.current.set(pointerId, { x: clientX, y: clientY });
      },
      onPointerMove({ pointerId, clientX, clientY, buttons }: PointerEvent) {
        const from = pointers.current.get(pointerId);
        if (from === undefined || buttons === 0) return;
        const [dx, dy] = [clientX - from.x, clientY - from.y];
        pointers.current.set(pointerId, { x: clientX, y: clientY });
        // A click is no move.
        if (Math.abs(dx) + Math.abs(dy) < 1) return;
        const now = moves.current;
        choose({ scale: now.scale, x: now.centre.x - dx / now.scale, y: now.centre.y - dy / now.scale });
      },
      onPointerUp({ pointerId }: PointerEvent) {
        pointers.current.delete(pointerId);
      },
      onPointerLeave({ pointerId }: PointerEvent) {
        pointers.current.delete(pointerId);
      },
    },
  };
}

/** Where a picture is smaller than its place it stands in the middle. */
function within(value: number, room: number): number {
  return room <= 0 ? room / 2 : Math.min(room, Math.max(0, value));
}
