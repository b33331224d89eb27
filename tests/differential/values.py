"""Spellings of the values of Compose keys, as YAML text.

`RIGHT` has, for each key, what Docker Compose mostly accepts; `ODD` has rare spellings, which it may drop or refuse; `WRONG` has
what it refuses. A list or dict in here is a list or mapping of such texts.
"""

SIZE = ["512m", "1g", "2gb", "64M", "1GB", "'512m'", '"1g"', "536870912", "'1073741824'", "1.5g", "100mb", "1500k", "0x20000000",
        "7m", "300MiB", "1024kb", "1073741824b", "'8 m'", "0.5g", "10_000_000", "0o4000000000"]
# `deploy` takes texts only.
SIZE_TEXT = [text for text in SIZE if not text.isdigit() and text[:2] not in ("0x", "0o", "10")]
ODD_SIZE = ["1e9", "512.0", "0", "'0'", "-1", "'-1'", "1t", "5.", "!!str 512m", "!!str 1000000000", ".5g", "'1e9'", "1E9", "0b1000", "'+512m'",
            "9223372036854775807", "''", "1.5", "512.5", "2001-01-01", "0777", "' 512m'", "'512m '", "1_000m", "1p", "!!float 512"]
WRONG_SIZE = ["512Mi", "1Gi", "abc", "true", "~", "1 gig", "'1,5g'", "50%", "[1g]", "{a: 1g}", "m", "1mm", "'1g b'", ".inf", ".nan"]

WORDS = ["java -jar a.jar", "'node \"a b\" c'", "sh -c 'a; b'", "[java, -Xmx1g, -jar, a.jar]", "['a b', c]", "[]", "''", "serve",
         "'a ''b c'' d'", "a\\ b c", "'echo $$HOME'", "\"a 'b' c\"", "[\"$$X\", '']", "a   b", "[sh, -c, 'exec a']"]
ODD_WORDS = ["~", "'   '", "'a \"\" b'", "a # c", "a#b", "'a;b|c'", "'a \\\"b'", "['1', '2.0']", "'x=\"a b\"'", "'`a`'", "'a\tb'"]
WRONG_WORDS = ["[java, 5]", "5", "true", "[[a]]", "{a: b}", "'a \"b'", "\"it's\"", "[~]", "[true]", "1.5"]

DURATION = ["10s", "1m30s", "500ms", "1h", "'5s'", "1.5s", "2m", "90s", "1h0m1s", "1500us", "1d"]
ODD_DURATION = ["0s", "'0'", "'10'", "0", "-5s", "1w", "+3s", ".5s", "1µs", "3ns"]
WRONG_DURATION = ["10", "5", "1.5", "abc", "10 s", "true", "~", "[5s]", "''", "1y"]

TEST = ["[CMD, curl, -f, http://localhost]", "[CMD-SHELL, 'curl -f x || exit 1']", "curl -f http://localhost", "['NONE']", "'a b'",
        "[CMD, 'a b']", "\"pg_isready -U $$USER\""]
ODD_TEST = ["[NONE, a]", "[CMD]", "[CMD-SHELL]", "[CMD-SHELL, a, b]", "[]", "''", "NONE"]
WRONG_TEST = ["[curl, x]", "[CMD, 5]", "5", "true", "~", "{a: b}", "[cmd, a]"]

INTEGER = ["1", "2", "3", "10", "'4'"]
ODD_INTEGER = ["0", "-1", "2.0", "1e2", "0x10", "'0x10'", "010", "1_0", "+5", "'+5'", "0b11", "''"]
WRONG_INTEGER = ["abc", "true", "~", "[1]", "1.5", "-2", "{a: 1}", "'1.5'", "3x"]

CPUS = ["0.5", "1", "2", "'1.5'", "\"0.25\""]
ODD_CPUS = ["0", ".5", "1.", "1e0", "'1e-1'", "2.50", "-1", "1_0.5", "''"]
WRONG_CPUS = ["500m", "abc", "true", "~", "[1]", "50%"]

BOOLEAN = ["true", "false"]
ODD_BOOLEAN = ["'true'", "'false'", "yes", "on", "'1'", "True", "FALSE", "'yes'", "n", "'off'", "y", "'T'"]
WRONG_BOOLEAN = ["maybe", "1", "~", "[true]", "0", "'maybe'", "''"]

RESTART = ["always", "'no'", "on-failure", "on-failure:3", "unless-stopped", "\"no\""]
ODD_RESTART = ["no", "sometimes", "''", "on-failure:x", "'on-failure:'", "Always"]
WRONG_RESTART = ["~", "1", "[always]", "{a: b}", "true", "false"]

SCALAR = ["1", "abc", "'abc'", "\"a b\"", "true", "1.5", "''", "'1'", "a=b", "'#x'", "x#y", "-Xmx512m", "'$$X'", "a$$b", "10", "'a: b'", "a b",
          "~", "0.5", "1.10", "\"a\\nb\"", "'it''s'", "0x1F", "010", "1_000", "no", "\"\\u00e9\"", "!!str 12"]
ODD_SCALAR = ["1e6", "1234567.0", "0.0", "2001-01-01", "2001-01-01T10:00:00Z", "1e-5", "12345678901234567890", "-0", "+5", "0o17", "1e3", ".5", "5.",
              "0b11", "1E400", "-0.0", "on", "True", "NULL", "0.1e1", "123456789012", "1e21", "'a\\b'", "\"\\t\"", "12:30:45", "!!binary YWI=",
              "0.00001", "100000000.5", "123456.789", "=", "!!float 3", "!!int '4'", "100000", "1e5", "1234567"]
WRONG_SCALAR = ["[a]", "{a: b}", ".inf", ".nan", "[]", "{}"]

ULIMIT = ["1024", "65536", "'2048'", "{soft: 1, hard: 2}", "{soft: 1024, hard: '4096'}", "-1"]
ODD_ULIMIT = ["{soft: -1, hard: -1}", "1e3", "0x10", "{soft: 2, hard: 1}", "0", "2.0", "'0x10'"]
WRONG_ULIMIT = ["512m", "unlimited", "{soft: 1}", "{hard: 1}", "{soft: 5m, hard: 5m}", "~", "true", "[1]", "{soft: 1, hard: 2, x: 3}", "''"]

TMPFS = ["/t1", "[/t1]", "[/t1, '/t2:size=64m']", "'/t2:size=1g,mode=1777'", "['/t3:size=1048576']", "['/t3:mode=700,size=10k']",
         "['/t1:size=50%']", "[]", "['/t4:noexec']"]
ODD_TMPFS = ["['/t1:size=64M']", "['/t1:']", "['/t1:size=']", "['/t1:size=1G,size=2G']", "[/t1, /t1/]", "''", "['/t1:size=64mb']", "[t1]"]
WRONG_TMPFS = ["~", "5", "[5]", "[/t1, '/t1:size=1m']", "{/t1: 1}", "[~]", "true", "[/t1, /t1]"]

OOM_SCORE = ["0", "100", "-500", "1000", "'-10'"]
ODD_OOM_SCORE = ["1e2", "0x10", "-1000", "2.0", "''"]
WRONG_OOM_SCORE = ["-1001", "1001", "'5000'", "abc", "~", "true", "1.5"]

SWAPPINESS = ["0", "10", "60", "'30'", "100"]
ODD_SWAPPINESS = ["-1", "101", "1e1", "0x10", "1.5", "'10k'", "''"]
WRONG_SWAPPINESS = ["abc", "10%", "~", "true", "[1]"]

SWAP = SIZE + ["-1", "'-1'"]

# The values of keys that are one value or a choice of spellings: right, odd, wrong.
VALUES = {
    "mem_limit": (SIZE, ODD_SIZE, WRONG_SIZE),
    "memswap_limit": (SWAP, ODD_SIZE, WRONG_SIZE),
    "mem_reservation": (SIZE, ODD_SIZE, WRONG_SIZE),
    "mem_swappiness": (SWAPPINESS, ODD_SWAPPINESS, WRONG_SWAPPINESS),
    "shm_size": (SIZE, ODD_SIZE, WRONG_SIZE),
    "cpus": (CPUS, ODD_CPUS, WRONG_CPUS),
    "pids_limit": (INTEGER, ODD_INTEGER, WRONG_INTEGER),
    "oom_kill_disable": (BOOLEAN, ODD_BOOLEAN, WRONG_BOOLEAN),
    "oom_score_adj": (OOM_SCORE, ODD_OOM_SCORE, WRONG_OOM_SCORE),
    "tmpfs": (TMPFS, ODD_TMPFS, WRONG_TMPFS),
    "command": (WORDS, ODD_WORDS, WRONG_WORDS),
    "entrypoint": (WORDS, ODD_WORDS, WRONG_WORDS),
    "restart": (RESTART, ODD_RESTART, WRONG_RESTART),
    "scale": (INTEGER, ODD_INTEGER, WRONG_INTEGER),
    "stop_grace_period": (DURATION, ODD_DURATION, WRONG_DURATION),
    "init": (BOOLEAN, ODD_BOOLEAN, WRONG_BOOLEAN),
    "image": (["nginx:1.29", "redis:7.4", "'postgres:17'", "i", "ghcr.io/a/b:1"], ["a@sha256:" + "0" * 64, "''"], ["5", "[a]", "~", "true"]),
    "profiles": (["[p]", "[p, q]", "[]", "['q']"], ["[p, p]", "[p1.a-b_c]"], ["p", "[5]", "~", "['a b']", "['']", "{p: q}"]),
    "privileged": (BOOLEAN, ODD_BOOLEAN, WRONG_BOOLEAN),
    "read_only": (BOOLEAN, ODD_BOOLEAN, WRONG_BOOLEAN),
    "cpu_shares": (["512", "'1024'"], ["1e2", "2.0"], ["abc", "~", "true"]),
    "cpu_quota": (["50000", "'50000'"], ["1e2"], ["~", "true", "[1]"]),
    "user": (["root", "'1000'", "1000"], ["1000:1000"], ["~", "[a]", "true"]),
    "gpus": (["all", "[{count: 1}]", "[{driver: nvidia, count: all}]"], ["[{device_ids: ['0']}]"], ["some", "5", "~", "[{count: x}]"]),
    "use_api_socket": (BOOLEAN, ["'true'"], ["maybe", "5", "~"]),
    "pull_policy": (["always", "missing", "never", "build", "daily"], ["every_12h", "if_not_present"], ["sometimes", "~", "5"]),
    "hostname": (["h"], ["''"], ["5", "~", "[a]"]),
    "ports": (["['80:80']", "[8080]", "['127.0.0.1:81:81']"], ["[{target: 80}]", "['80-82:80-82']"], ["80", "['a:b']", "~", "[{}]", "['1:2:3:4']"]),
    "labels": (["[a=b]", "{a: b}", "{a: 1}"], ["[a]", "{a: ~}"], ["a", "[5]", "5"]),
    "networks": (["[default]", "{default: }"], ["[]"], ["[undefined]", "default", "5", "[default, default]"]),
    "container_name": (["n1"], ["n.1-x"], ["'-x'", "5", "'a b'"]),
    "develop": (["{watch: [{action: rebuild, path: .}]}"], ["{}", "{watch: []}"], ["{watch: [{action: x, path: .}]}", "5", "{watch: 5}", "{x: 1}"]),
    "annotations": (["{a: b}", "[a=b]"], ["{a: 1}"], ["5"]),
    "security_opt": (["['no-new-privileges:true']"], ["[a]"], ["a", "[a, a]"]),
    "ipc": (["host", "shareable", "private"], ["'service:a'", "'container:x'"], ["5", "~"]),
    "volumes": (["[]", "[{type: tmpfs, target: /v1, tmpfs: {size: 64m}}]", "[{type: tmpfs, target: /v1}]", "['./d:/v2']", "[/v3]",
                 "[{type: tmpfs, target: /v2, tmpfs: {size: 1048576}}]", "[{type: tmpfs, target: /v4, tmpfs: {size: '10m', mode: 1777}}]",
                 "[{type: bind, source: ./d, target: /v1}]"],
                ["[{type: tmpfs, target: /v1, tmpfs: {size: 1e6}}]", "[{type: tmpfs, target: /v1, tmpfs: {size: '64M'}}]",
                 "[{type: tmpfs, target: /v1, tmpfs: {}}]", "[{type: tmpfs, target: /v1/, tmpfs: {size: 0}}]", "['./d:/v1:ro']",
                 "[{type: tmpfs, target: v1}]", "[{type: tmpfs, source: x, target: /v1}]"],
                ["[{type: tmpfs, target: /v1, tmpfs: {size: 64Mi}}]", "[{type: tmpfs, target: /v1, tmpfs: {size: 1.5}}]",
                 "[{type: tmpfs, target: /v1, tmpfs: {size: -1}}]", "[{type: tmpfs, target: /v1, tmpfs: {size: ''}}]",
                 "[{type: tmpfs, target: /v1, tmpfs: {size: 50%}}]", "[{type: tmpfs, target: /v1, tmpfs: {sise: 5m}}]", "[{type: tmpf, target: /v1}]",
                 "[{type: tmpfs}]", "[undefined:/v1]", "~", "[5]", "/v1", "[{type: tmpfs, target: /v1, tmpfs: ~}]", "[{target: /v1}]"]),
}

# The keys of `healthcheck`, `deploy.restart_policy`, `deploy.resources.limits` and `build`.
HEALTHCHECK = {
    "test": (TEST, ODD_TEST, WRONG_TEST),
    "interval": (DURATION, ODD_DURATION, WRONG_DURATION),
    "timeout": (DURATION, ODD_DURATION, WRONG_DURATION),
    "start_period": (DURATION, ODD_DURATION, WRONG_DURATION),
    "start_interval": (DURATION, ODD_DURATION, WRONG_DURATION),
    "retries": (INTEGER, ODD_INTEGER + ["3.5"], WRONG_INTEGER),
    "disable": (["false", "true", "false"], ODD_BOOLEAN, WRONG_BOOLEAN),
}
RESTART_POLICY = {
    "condition": (["any", "none", "on-failure", "'any'"], ["always", "unless-stopped", "''", "on-failure:3"], ["5", "~", "[any]"]),
    "max_attempts": (INTEGER, ODD_INTEGER, WRONG_INTEGER),
    "delay": (DURATION, ODD_DURATION, WRONG_DURATION),
    "window": (DURATION, ODD_DURATION, WRONG_DURATION),
}
LIMITS = {
    "memory": (SIZE_TEXT, ODD_SIZE, WRONG_SIZE),
    "cpus": (CPUS, ODD_CPUS, WRONG_CPUS),
    "pids": (INTEGER, ODD_INTEGER, WRONG_INTEGER),
}
RESERVATIONS = {"memory": (SIZE_TEXT, ODD_SIZE, WRONG_SIZE), "cpus": (CPUS, ODD_CPUS, WRONG_CPUS)}
BUILD = {
    "context": ([".", "./app", "app", "'.'"], ["./app/", "https://github.com/a/b.git"], ["5", "~", "[a]"]),
    "dockerfile": (["Dockerfile", "other.Dockerfile"], ["./Dockerfile", "''"], ["5", "[a]", "~"]),
    "target": (["base", "last"], ["''"], ["5", "[a]", "~"]),
    "args": (["{A: one}", "[A=two, B=x]", "{A: 1}", "[A]", "{A: }", "{A: '$$x'}"], ["{A: 1e6}", "{A: 1.10}", "{A: 2001-01-01}", "{A: true}", "['A=']"],
             ["5", "~", "[5]", "{A: [x]}"]),
    "shm_size": (SIZE, ODD_SIZE, WRONG_SIZE),
    "network": (["host"], ["none"], ["5"]),
    "ulimits": (["{nofile: 5}"], ["{}"], ["{nofile: x}", "5"]),
    "cache_from": (["[a]"], ["[]"], ["a"]),
}
LOGGING = {
    "driver": (["json-file", "local", "'none'"], ["''", "syslog"], ["5", "~", "[a]"]),
    "options": (["{max-size: 10m}", "{max-size: 1m, max-file: '3'}", "{max-file: 3}"],
                ["{a: 1_000}", "{a: 1.10}", "{a: true}", "{}", "{a: ~}", "{a: 1e6}"], ["{a: [b]}", "[a=b]", "5"]),
}

# Lines of `.env` and of the files of `env_file`.
DOTENV = ["A=1", "B='q r'", 'C="x y"', "D=${A}", "E=$A-x", "export F=1", "G", "# c", "H=a # c", 'I="m\nn"', "J: colon", "K = v", "L=${M:-def}",
          "N='${A}'", 'O="\\$x"', "P=$$x", "", "Q=", "A=2", 'R="a\\nb"', "S=a'b", "T=${B}${A}", "U=x#y", "W=w", "X=-Xmx${A}g", "  Y=y",
          "Z=a\\nb", "D=${E}", "A=${A}3", "B=$C", "E='a'b", "F=\"${G:-g}\"", "H=`x`", "K=a=b", "export L", "M=\"a 'b'\"", "N.M=1", "Q=\ttab", "R=é"]
ODD_DOTENV = ["V=${W?}", "=1", "A B=1", "V=${", "W=\"open", "A=${B:?gone}", "1A=2", "X='open", "A=${", "K==", "F+=1", "-A=1", "A=\\", "V=${NOT_SET}"]
