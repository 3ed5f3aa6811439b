import type { Route } from '../../../domain/route.ts';
import {
  plainRoute,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTN_LOCAL,
  RTN_UNICAST,
  RTPROT_KERNEL,
} from '../../../domain/route.ts';
import { addIpv4Route, removeIpv4Route } from './ipv4-routes.ts';
import type { Namespace } from './namespace.ts';

/** A route that the kernel makes for an address (fib_magic); refusals are ignored there too. */
export function addKernelRoute(
  ns: Namespace,
  type: number,
  destination: string,
  linkIndex: number,
  prefSrc: string,
  metric: number,
): void {
  addIpv4Route(ns, kernelRoute(type, destination, linkIndex, prefSrc, metric), 'append');
}

/** Takes such a route away again. */
export function removeKernelRoute(
  ns: Namespace,
  type: number,
  destination: string,
  linkIndex: number,
  prefSrc: string,
  metric = 0,
): void {
  removeIpv4Route(ns, kernelRoute(type, destination, linkIndex, prefSrc, metric));
}

function kernelRoute(type: number, destination: string, linkIndex: number, prefSrc: string, metric: number): Route {
  return {
    ...plainRoute(destination, linkIndex),
    table: type === RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
    type,
    protocol: RTPROT_KERNEL,
    scope: type === RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK,
    priority: metric === 0 ? null : metric,
    prefSrc,
  };
}
