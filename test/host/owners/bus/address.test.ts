import { expect, it } from 'vitest';
import { parseBusAddress } from '../../../../src/host/owners/bus/address.ts';

it.each([
  ['unix:path=/run/dbus/system_bus_socket', ['/run/dbus/system_bus_socket']],
  ['unix:guid=0123,path=/a;unix:abstract=/tmp/b', ['/a', '\0/tmp/b']],
  ['unix:path=/with%20space%2c', ['/with space,']],
  ['unixexec:path=/bin/sh;tcp:host=a,port=1;unix:path=/a', ['/a']],
  ['unix:path=%zz;unix:tmpdir=/tmp;unix:path=;unix:path=a%00b;', []],
  [`unix:path=/${'a'.repeat(107)}`, []],
  ['', []],
])('the unix sockets of %s', (address, paths) => {
  expect(parseBusAddress(address)).toEqual(paths);
});
