import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RunResult } from '../../../src/engine/run.ts';
import { createLab } from '../../lab/lab.ts';
import { type LabNetworkManager, networkManagerNeeds, startNetworkManager } from '../../lab/network-manager.ts';
import { type KernelWatch, watchKernel } from '../../lab/watch.ts';
import { runCli } from '../../live/support/cli.ts';

/** What was seen while our program was started on a host whose uplink is a team of NetworkManager's. */
export interface ManagedTeam {
  /** Each start of our program, in order. */
  readonly starts: readonly ProgramStart[];
  /** Before all, after some starts, after a restart of NetworkManager, and after some more: one line a fact. */
  readonly sights: readonly (readonly string[])[];
  /** Events while our program ran in which the team or its port was down, gone, or lost its master or an address. */
  readonly damage: readonly string[];
  /** Events of the team and its port that the same watch saw when NetworkManager made them. */
  readonly made: number;
}

/** One start of our program. */
export interface ProgramStart {
  readonly command: string;
  /** null for a command that only looks. */
  readonly result: RunResult | null;
  readonly codes: readonly string[];
}

const TEAM = 'team0';
const PORT = 'eth0';
const TEAM_UUID = '5f0a1a53-4b0e-4a6b-8f0b-3a1d1a4c0a01';
const PORT_UUID = '5f0a1a53-4b0e-4a6b-8f0b-3a1d1a4c0a02';
const ADDRESS = '10.9.0.2/24';
const TEAMD = '/usr/bin/teamd';
const EMULATED_MS = 60_000;

/** What this machine lacks for {@link startOnManagedTeam}, one sentence each. */
function missing(): string[] {
  return [...networkManagerNeeds(), ...(existsSync(TEAMD) ? [] : ['teamd is missing: apt install libteam-utils'])];
}

/** NetworkManager makes a team of one port; our program looks at it, and is asked to move it. Text: why nothing could be shown. */
export async function startOnManagedTeam(): Promise<ManagedTeam | string> {
  const needs = missing();
  if (needs.length > 0) return needs.join('; ');
  await using lab = await createLab({ name: 'nm-team' });
  await using manager = await startNetworkManager(lab, { profiles: {}, configuration: '[main]\nno-auto-default=*' });
  await using watch = await watchKernel(lab.hostNs, ['link', 'address']);
  try {
    await makeTeam(manager, watch);
  } catch (error) {
    throw new Error(`NetworkManager made no team: ${(await manager.log()).slice(-2500)}`, { cause: error });
  }
  const made = watch.lines.filter(isOfTeam).length;
  const starts: ProgramStart[] = [];
  const damage: string[] = [];
  const run = async (commands: readonly (readonly string[])[]) => {
    const known = watch.lines.length;
    for (const args of commands) starts.push(await startProgram(manager, args));
    await caughtUp(manager, watch);
    damage.push(...watch.lines.slice(known).filter(line => isOfTeam(line) && isDamage(line)));
  };
  const sights = [await look(manager)];
  await run([
    ['doctor', '-i', TEAM],
    ['doctor', '-i', TEAM],
    ['migrate', '-i', TEAM, '-b', 'br-team', '--layout', 'host-port'],
    ['migrate', '-i', TEAM, '-b', 'br-team', '--layout', 'bridge-port'],
    ['migrate', '-i', PORT, '-b', 'br-team', '--layout', 'bridge-port'],
  ]);
  // It is moved now, and a NetworkManager that finds `team0~` when it starts ends at once.
  if (starts.some(({ result }) => result === 'committed')) return { starts, sights, damage, made };
  sights.push(await look(manager));
  // What NetworkManager itself does to its team meanwhile is not ours.
  await manager.stop();
  await manager.start();
  sights.push(await look(manager));
  await run([
    ['doctor', '-i', TEAM],
    ['migrate', '-i', TEAM, '-b', 'br-team', '--layout', 'host-port'],
  ]);
  sights.push(await look(manager));
  return { starts, sights, damage, made };
}

async function makeTeam(manager: LabNetworkManager, watch: KernelWatch): Promise<void> {
  const team = ['type', 'team', 'con-name', TEAM, 'ifname', TEAM, 'connection.uuid', TEAM_UUID];
  const addresses = ['ipv4.method', 'manual', 'ipv4.addresses', ADDRESS, 'ipv6.method', 'disabled'];
  const port = ['type', 'ethernet', 'con-name', 'port', 'ifname', PORT, 'connection.uuid', PORT_UUID];
  await manager.nmcli('con', 'add', ...team, 'team.runner', 'activebackup', ...addresses);
  await manager.nmcli('con', 'add', ...port, 'slave-type', 'team', 'master', TEAM);
  await watch.event(line => line.includes(` ${TEAM} `) && line.includes(` ${ADDRESS} `), { timeoutMs: EMULATED_MS });
  await manager.nmcli('--wait', '25', 'con', 'up', TEAM);
}

async function startProgram({ host }: LabNetworkManager, args: readonly string[]): Promise<ProgramStart> {
  const { objects, outcome } = await runCli(host, args);
  const findings = outcome?.findings ?? objects.flatMap(({ finding }) => (finding === undefined ? [] : [finding]));
  return { command: args.join(' '), result: outcome?.result ?? null, codes: findings.map(({ code }) => code) };
}

/** What NetworkManager and the kernel say of the team, and which process runs it. */
async function look({ host, nmcli, root }: LabNetworkManager): Promise<readonly string[]> {
  const fields = 'GENERAL.DEVICE,GENERAL.TYPE,GENERAL.STATE,GENERAL.CON-UUID';
  const devices = [await nmcli('-t', '-f', fields, 'device', 'show', TEAM)];
  devices.push(await nmcli('-t', '-f', fields, 'device', 'show', PORT));
  const addresses = await host.hostIp('-brief', 'addr', 'show', TEAM);
  const links = await host.hostIp('-brief', 'link', 'show', 'master', TEAM);
  const pid = await readFile(`${root}/run/teamd/${TEAM}.pid`, 'utf8');
  return [...devices.flatMap(text => text.split('\n')), addresses.trim(), links.trim(), `teamd ${pid.trim()}`];
}

/** Resolves when the watch has told everything that has happened so far. */
async function caughtUp({ host }: LabNetworkManager, watch: KernelWatch): Promise<void> {
  const marker = `127.254.0.${watch.lines.length % 250}/32`;
  await host.hostIp('addr', 'add', marker, 'dev', 'lo');
  await watch.event(line => line.includes(`inet ${marker}`), { timeoutMs: EMULATED_MS });
}

function isOfTeam(line: string): boolean {
  // `10: eth0@if20: <BROADCAST,…> …`, and `33: team0    inet 10.9.0.2/24 …` for an address.
  return [TEAM, PORT].includes(/^(?:Deleted )?\d+: ([^@:\s]+)/.exec(line)?.[1] ?? '');
}

function isDamage(line: string): boolean {
  if (line.startsWith('Deleted')) return true;
  const flags = /<([^>]*)>/.exec(line)?.[1]?.split(',');
  if (flags === undefined) return false;
  if (!flags.includes('UP') || !flags.includes('LOWER_UP')) return true;
  return new RegExp(`^\\d+: ${PORT}[@:]`).test(line) && !line.includes(` master ${TEAM} `);
}
