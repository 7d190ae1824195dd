import { NOTHING, OWN_LOG } from "../advice.ts";

const SANDBOX = "no sandbox; bwrap or unshare in command, or a unit of systemd for usrsvcd";
const SHARED =
  "no cgroup for each program; set it for the unit of usrsvcd, for all programs together";
const FOLDERS = "create the folder, or write before_start = mkdir -p …";
const LOWER_PORTS =
  "an ordinary account has no capabilities; a port from 1024 on, or setcap on the program";
const CONDITION = "nothing is checked before a start but by before_start, which has to exit with 0";
const HERE =
  "nothing of the machine is waited for, only programs of this configuration and checks: after = tcp://10.0.0.5:5432";

/** Why keys of units have no counterpart, and what to do instead; the first that fits counts. */
const WHY: readonly (readonly [keys: RegExp, why: string])[] = [
  [/^(AmbientCapabilities|CapabilityBoundingSet|Capabilities)$/, LOWER_PORTS],
  [
    /^(Protect|Private|Restrict|SystemCall|ReadWrite|ReadOnly|Inaccessible|Bind|NoExec|Exec(Paths|SearchPath))/,
    SANDBOX,
  ],
  [
    /^(NoNewPrivileges|MemoryDenyWriteExecute|LockPersonality|RemoveIPC|Device|IPAddress|Temporary|Mount|KeyringMode)/,
    SANDBOX,
  ],
  [
    /^(Root|SELinux|AppArmor|Smack|UMaskFile|ProcSubset|SecureBits|Personality|NetworkNamespace|UtmpI|CoredumpF)/,
    SANDBOX,
  ],
  [
    /^(CPUQuota|CPUWeight|CPUShares|CPUAcc|StartupCPU|IO|BlockIO|Tasks|Memory|Slice|Delegate|Allowed|ManagedOOM)/,
    SHARED,
  ],
  [/^(Runtime|State|Cache|Logs|Configuration)Directory/, FOLDERS],
  [/^(Condition|Assert)/, CONDITION],
  [/^ExecCondition$/, "useshell = True and command = CHECK && exec COMMAND"],
  [/^(Syslog|Log)/, OWN_LOG],
  [/^Conflicts$/, "stop the one before you start the other"],
  [/^(OnFailure|OnSuccess)$/, "email_alerts sends mail about it; after_exit runs after each end"],
  [
    /^(Alias|Also|DefaultInstance|RequiredBy|UpheldBy)$/,
    "a program has one name, and autostart says whether it starts by itself",
  ],
  [/^(Sockets|FileDescriptor|Accept|Listen)/, "the program binds its own sockets"],
  [
    /^(After|Before|Wants|Requires|Requisite|BindsTo|PartOf|RequiresMountsFor|WantsMountsFor|Upholds)$/,
    HERE,
  ],
  [/^DynamicUser$/, "programs run as the account that runs usrsvc"],
  [/^(OOMPolicy|OOM)/, "what the kernel ends for want of memory is restarted as autorestart says"],
];

/** Keys of which nothing is lost. */
const SILENT: ReadonlySet<string> = new Set(
  `Documentation SourcePath DefaultDependencies IgnoreOnIsolate RefuseManualStart RefuseManualStop AllowIsolate
  CollectMode NotifyAccess GuessMainPID SendSIGKILL`.split(/\s+/),
);

/** Why a key has no counterpart; undefined: nothing is lost with it. */
export function whyNone(key: string, value: string): string | undefined {
  if (SILENT.has(key) && !(key === "SendSIGKILL" && /^(no|false|0|off)$/i.test(value)))
    return undefined;
  if (key.startsWith("X-")) return undefined;
  if (key === "SendSIGKILL")
    return "KILL always comes last; a long wait in stop = TERM 1d is as good as none";
  return WHY.find(([keys]) => keys.test(key))?.[1] ?? NOTHING;
}
