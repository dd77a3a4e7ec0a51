/** Programming languages and shell commands by name, and the signs that are operators. Rows are aliases. */

const LANGUAGES = [
  "javascript js ecmascript",
  "typescript ts",
  "python py python3",
  "java",
  "kotlin",
  "scala",
  "c",
  "c++ cpp",
  "c# csharp",
  "objective-c",
  "golang",
  "rust",
  "ruby",
  "php",
  "perl",
  "swift",
  "dart",
  "r",
  "julia",
  "matlab",
  "haskell",
  "ocaml",
  "f#",
  "erlang",
  "elixir",
  "clojure",
  "lua",
  "bash",
  "zsh",
  "powershell",
  "sql",
  "mysql",
  "postgresql postgres psql",
  "sqlite",
  "mongodb mongo",
  "redis",
  "html",
  "css",
  "sass scss",
  "cobol",
  "fortran",
  "vba",
  "solidity",
  "reactjs react.js",
  "vue vuejs vue.js",
  "angular angularjs",
  "svelte",
  "node nodejs node.js",
  "deno",
  "django",
  "flask",
  "fastapi",
  "rails",
  "laravel",
  "numpy",
  "pandas",
  "pytorch torch",
  "tensorflow",
  "keras",
  "docker",
  "kubernetes k8s",
  "terraform",
  "ansible",
] as const;

const COMMANDS = (
  "git npm npx yarn pnpm pip pip3 conda brew apt yum dnf cargo curl wget ssh scp rsync grep egrep sed " +
  "awk chmod chown sudo mkdir rmdir rm mv cp ls cd tar gzip kubectl helm cmake gcc clang systemctl " +
  "journalctl crontab vim emacs nano tmux"
).split(" ");

/** Name or command → what it is. */
export const CODE_NAMES: ReadonlyMap<string, string> = new Map([
  ...COMMANDS.map((name): [string, string] => [name, name]),
  ...LANGUAGES.flatMap((row) => {
    const [canonical = "", ...others] = row.split(" ");
    return [canonical, ...others].map((name): [string, string] => [name, canonical]);
  }),
]);

/** As chunks of their own between blanks. What prose is full of ("-", "/", "&", "!") is not among them. */
export const OPERATORS: ReadonlySet<string> = new Set(
  "= == === != !== <> < > <= >= => -> <- + ++ += -- -= * ** *= // /= % %= && | || ^ << >> >>> ?? ?. := :: |>".split(
    " ",
  ),
);
