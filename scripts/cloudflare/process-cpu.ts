/**
 * CPU time of other processes, read from the operating system: inside workerd the clock stands still while
 * code computes.
 *
 * Linux tells it per thread in nanoseconds (/proc/<pid>/task/<tid>/schedstat); elsewhere `ps` tells
 * it in hundredths of a second at best.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** CPU milliseconds so far, user and system together. */
  cpuMs(): number;
}

/** CPU milliseconds spent so far by all workerd descendants of `pid`, user and system together. */
export function workerdCpuMs(pid: number): number {
  return sumCpuMs(workerds(pid));
}

/** The ids of all workerd descendants of `pid`. */
export function workerdPids(pid: number): number[] {
  return workerds(pid).map((one) => one.pid);
}

/** CPU milliseconds spent so far by the process `pid` and all its descendants. */
export function processCpuMs(pid: number): number {
  const all = processes();
  return sumCpuMs([...all.filter((one) => one.pid === pid), ...descendants(all, pid)]);
}

function workerds(pid: number): Process[] {
  return descendants(processes(), pid).filter(({ command }) => command.includes("workerd"));
}

function sumCpuMs(some: readonly Process[]): number {
  return some.reduce((sum, one) => sum + one.cpuMs(), 0);
}

function processes(): Process[] {
  return existsSync("/proc/self/task") ? processesFromProc() : processesFromPs();
}

function processesFromProc(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readOrEmpty(`/proc/${name}/stat`);
      // The command stands in brackets and may contain anything, so fields count from its end.
      const command = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      if (stat === "") return [];
      return [{ pid: Number(name), parent, command, cpuMs: () => cpuFromTasks(name) }];
    });
}

function cpuFromTasks(pid: string): number {
  let totalNs = 0;
  for (const thread of readdirOrEmpty(`/proc/${pid}/task`))
    totalNs += Number(readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  return totalNs / 1e6;
}

function processesFromPs(): Process[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,time=,comm="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [pid, parent, time, ...command] = line.trim().split(/\s+/);
    if (time === undefined) return [];
    const ids = { pid: Number(pid), parent: Number(parent) };
    return [{ ...ids, command: command.join(" "), cpuMs: () => clockMs(time) }];
  });
}

/** "[[hours:]minutes:]seconds", seconds with a fraction where the system has one. */
function clockMs(time: string): number {
  return 1000 * time.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

function descendants(all: readonly Process[], root: number): Process[] {
  const children = all.filter(({ parent }) => parent === root);
  return children.flatMap((child) => [child, ...descendants(all, child.pid)]);
}

/** Processes and threads may end between listing and reading. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function readdirOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
