/**
 * CPU time of the workerd processes that this process has started, read from the operating system:
 * inside workerd the clock stands still while code computes.
 *
 * Linux tells it per thread in nanoseconds (/proc/<pid>/task/<tid>/schedstat); elsewhere `ps` tells
 * it in hundredths of a second at best.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** CPU milliseconds spent so far by all workerd descendants of `pid`, user and system together. */
export function workerdCpuMs(pid: number): number {
  return existsSync("/proc/self/task") ? cpuFromProc(pid) : cpuFromPs(pid);
}

function cpuFromProc(root: number): number {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readOrEmpty(`/proc/${name}/stat`);
      // The command stands in brackets and may contain anything, so fields count from its end.
      const command = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return stat === "" ? [] : [{ pid: Number(name), parent, command }];
    });
  let totalNs = 0;
  for (const { pid, command } of descendants(processes, root)) {
    if (!command.includes("workerd")) continue;
    for (const thread of readdirOrEmpty(`/proc/${pid}/task`))
      totalNs += Number(readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  }
  return totalNs / 1e6;
}

function cpuFromPs(root: number): number {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,time=,comm="], { encoding: "utf8" });
  const processes = text.split("\n").flatMap((line) => {
    const [pid, parent, time, ...command] = line.trim().split(/\s+/);
    if (time === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), time, command: command.join(" ") }];
  });
  return descendants(processes, root)
    .filter(({ command }) => command.includes("workerd"))
    .reduce((sum, { time }) => sum + clockMs(time), 0);
}

/** "[[hours:]minutes:]seconds", seconds with a fraction where the system has one. */
function clockMs(time: string): number {
  return 1000 * time.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

function descendants<P extends { pid: number; parent: number }>(
  all: readonly P[],
  root: number,
): P[] {
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
