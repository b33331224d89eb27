"""Changes the library in one place at a time and runs the tests: a mutant that no test notices is a law that no test holds.

    tests/mutants.sh                      all modules, going on where the last run stopped
    tests/mutants.sh workload check       some of them
    tests/mutants.sh --sample 10 rules    every tenth mutant
    tests/mutants.sh --build workload     after changes of the source or the tests
    tests/mutants.sh --build --again      only those that lived, after new tests
    tests/mutants.sh --report             only writes tests/mutants/survivors.md

The mutants are those of cargo-mutants (`cargo mutants --list`). It compiles each one for itself, which takes a minute; here all of
them are compiled into one program, each behind a switch (switch.rs) that a variable of the environment turns on. Each test runs once
to record the mutants that it reaches, and each mutant only meets the tests that reach it, the fastest first.

Mutants that do not compile behind a switch are left out, and counted: those of constants, of operands whose types only one operator
has, of patterns. Tests that need a corpus or minutes are left out too.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import zlib

import tree_sitter
import tree_sitter_rust

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "target" / "mutants"
TREE = OUT / "tree"
MODULES = [
    "capacity", "check", "diagnostic", "evidence", "fix", "model/compose", "model/launch", "postmortem", "rules",
    "syntax/command_line", "syntax/yaml", "workload",
]
SLOW = [
    "advice", "corpus", "conformance", "differential", "hostile", "packaging",
    "sarif::readers", "compose_oracle",
]
# Tests that take longer, in seconds, do not run against mutants.
LONG = 6
LIVED = "lived"
EQUIVALENT = ROOT / "tests" / "mutants" / "equivalent.txt"
REPORT = ROOT / "tests" / "mutants" / "survivors.md"
RUST = tree_sitter.Language(tree_sitter_rust.language())
LAZY = {"&&", "||"}
COMPARED = {"==", "!=", "<", ">", "<=", ">="}


def module_of(file):
    path = file.removeprefix("src/")
    return next((module for module in MODULES if path.startswith(module + "/") or path == module + ".rs"), None)


def listed():
    """The mutants of all modules, as cargo-mutants lists them for the present source."""
    text = subprocess.run(["cargo", "mutants", "--list", "--json"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    mutants = [mutant for mutant in json.loads(text) if module_of(mutant["file"])]
    # Mutants of other places keep their names when lines are added above them.
    for mutant in mutants:
        mutant.pop("diff", None)
    return [mutant | {"number": number} for number, mutant in enumerate(mutants)]


class File:
    """One source file with the switches of its mutants. What cannot be switched is left as it is."""

    def __init__(self, path, mutants):
        self.text = path.read_bytes()
        self.lines = [0]
        for line in self.text.split(b"\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.of_node = collections.defaultdict(list)
        self.used = set()
        self.tree = tree_sitter.Parser(RUST).parse(self.text)
        for mutant in mutants:
            node = self.node(mutant)
            if node is not None:
                self.of_node[node.id].append(mutant)
                self.used.add(mutant["number"])

    def at(self, place):
        start = self.lines[place["line"] - 1]
        line = self.text[start : self.lines[place["line"]]].decode()
        return start + len(line[: place["column"] - 1].encode())

    def node(self, mutant):
        """The node to wrap: the body of a function, an operation, a guard, an arm, the value of a field."""
        start, end = self.at(mutant["span"]["start"]), self.at(mutant["span"]["end"])
        node = self.tree.root_node.descendant_for_byte_range(start, end)
        genre = mutant["genre"]
        kinds = {
            "FnValue": {"block"}, "BinaryOperator": {"binary_expression", "compound_assignment_expr"},
            "UnaryOperator": {"unary_expression"}, "MatchArm": {"match_arm"}, "StructField": {"field_initializer", "shorthand_field_initializer"},
        }.get(genre)
        if genre == "MatchArmGuard":
            pattern = node
            while pattern is not None and pattern.type != "match_pattern":
                pattern = pattern.parent
            node = pattern and pattern.child_by_field_name("condition")
        else:
            while node is not None and node.type not in kinds:
                node = node.parent
        if node is None or self.is_constant(node):
            return None
        if genre == "BinaryOperator" and self.operator(node) == mutant["replacement"]:
            return None
        if genre == "StructField" and self.base(node) is None:
            return None
        return node

    def operator(self, node):
        return node.child_by_field_name("operator").type

    def base(self, field):
        """The default value of a field that is left out, where the type's own default is taken."""
        literal = field.parent.parent
        base = next((child for child in field.parent.children if child.type == "base_field_initializer"), None)
        if base is None or not self.raw(base).rstrip().endswith(b"efault()"):
            return None
        return b"<" + self.raw(literal.child_by_field_name("name")) + b" as Default>::default()"

    def is_constant(self, node):
        below = node
        while node is not None:
            if node.type in {"const_item", "static_item", "array_type", "const_block"}:
                return True
            if node.type == "function_item" and below.type == "block":
                modifiers = next((child for child in node.children if child.type == "function_modifiers"), None)
                return modifiers is not None and b"const" in self.raw(modifiers)
            below, node = node, node.parent
        return False

    def raw(self, node):
        return self.text[node.start_byte : node.end_byte]

    def rendered(self, node):
        out, at = [], node.start_byte
        for child in node.children:
            out += [self.text[at : child.start_byte], self.rendered(child)]
            at = child.end_byte
        out.append(self.text[at : node.end_byte])
        if node.type == "match_expression":
            arms = [mutant["number"] for arm in node.child_by_field_name("body").children for mutant in self.of_node.get(arm.id, [])
                    if mutant["genre"] == "MatchArm" and mutant["number"] in self.used]
            if arms:
                return b"/*<match %s*/" % b",".join(b"%d" % number for number in arms) + b"".join(out) + b"/*>*/"
        mutants = [mutant for mutant in self.of_node.get(node.id, []) if mutant["number"] in self.used]
        if not mutants:
            return b"".join(out)
        numbers = b",".join(str(mutant["number"]).encode() for mutant in mutants)
        return b"/*<%s*/" % numbers + self.wrapped(node, mutants, b"".join(out)) + b"/*>*/"

    def wrapped(self, node, mutants, text):
        on = [(b"crate::mutant::on(%d)" % mutant["number"], mutant["replacement"].encode()) for mutant in mutants]
        field = lambda name: self.rendered(node.child_by_field_name(name))
        match mutants[0]["genre"]:
            case "FnValue":
                returns = b"".join(b"if %s { return %s; } " % switch for switch in on)
                return b"{ " + returns + text[1:]
            case "BinaryOperator":
                operator = self.operator(node).encode()
                left, right = field("left"), field("right")
                if node.type == "compound_assignment_expr":
                    mutated = b"".join(b"if %s { %s %s %s } else " % (switch, left, new, right) for switch, new in on)
                    return b"{ " + mutated + b"{ %s %s %s } }" % (left, operator, right)
                if operator.decode() in LAZY:
                    same = (b"!=", b"==")[operator == b"||"]
                    other = [switch for switch, new in on if new in (b"&&", b"||")]
                    if not other:
                        return text
                    result = (b"{ right } else { left }").replace(b"right", right)
                    return b"(match %s { left => if %s %s left %s })" % (left, other[0], same, result)
                if operator.decode() in COMPARED:
                    left, right = b"&(%s)" % left, b"&(%s)" % right
                mutated = b"".join(b"if %s { left %s right } else " % switch for switch in on)
                return b"(match (%s, %s) { (left, right) => %s{ left %s right } })" % (left, right, mutated, operator)
            case "UnaryOperator":
                operand = self.rendered(node.children[-1])
                sign = self.raw(node.children[0])
                return b"(match %s { value => if %s { value } else { %svalue } })" % (operand, on[0][0], sign)
            case "MatchArmGuard":
                for switch, value in on:
                    text = b"(%s || (%s))" % (switch, text) if value == b"true" else b"(!%s && (%s))" % (switch, text)
                return text
            case "MatchArm":
                pattern = node.child_by_field_name("pattern")
                condition = pattern.child_by_field_name("condition")
                own = self.rendered(pattern)
                if condition is None:
                    return own + b" if !%s" % on[0][0] + text[len(own) :]
                own_condition = self.rendered(condition)
                assert own.endswith(own_condition)
                return own[: -len(own_condition)] + b"!%s && (%s)" % (on[0][0], own_condition) + text[len(own) :]
            case "StructField":
                name, _, value = text.partition(b":")
                name = name.strip()
                return b"%s: if %s { %s.%s } else { %s }" % (name, on[0][0], self.base(node), name, value or name)
        raise ValueError(mutants[0]["genre"])


def cargo(*arguments):
    flags = {"RUSTFLAGS": "--cap-lints=allow", "CARGO_TARGET_DIR": str(OUT / "build"), "CARGO_PROFILE_TEST_DEBUG": "0",
             "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_INCREMENTAL": "1"}
    # The program runs thousands of times, but is built once.
    flags |= {f"CARGO_PROFILE_{profile}_{key}": value for profile in ("DEV", "TEST")
              for key, value in (("OPT_LEVEL", "1"), ("DEBUG_ASSERTIONS", "true"), ("OVERFLOW_CHECKS", "true"))}
    command = ["cargo", *arguments, "--locked", "--message-format", "json"]
    done = subprocess.run(command, cwd=TREE, env=os.environ | flags, capture_output=True, text=True)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode and not any(message["reason"] == "compiler-message" for message in messages):
        sys.exit(done.stderr)
    return done.returncode == 0, messages


def enclosing(text, at, of_match):
    """The mutants of the innermost switch around a byte of a rendered file, or those of the arms of the innermost `match`."""
    around = []
    for mark in re.finditer(rb"/\*<(match )?([\d,]+)\*/|/\*>\*/", text):
        if mark.start() > at:
            break
        if mark[2]:
            around.append((bool(mark[1]), [int(number) for number in mark[2].split(b",")]))
        else:
            around.pop()
    return next((numbers for is_match, numbers in reversed(around) if is_match == of_match), [])


def prepare():
    """Compiles all mutants that can be switched, and returns them."""
    mutants = listed()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    TREE.mkdir(exist_ok=True)
    for name in filter(None, tracked):
        target, text = TREE / name, (ROOT / name).read_bytes() if (ROOT / name).is_file() else None
        if text is not None and not (target.is_file() and target.read_bytes() == text):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
            (ROOT / name).stat().st_mode & 0o111 and target.chmod(0o755)
    shared, link = ROOT.parent / "shared", OUT / "shared"
    if shared.exists() and not link.exists():
        link.symlink_to(shared)
    by_file = collections.defaultdict(list)
    for mutant in mutants:
        by_file[mutant["file"]].append(mutant)
    files = {name: File(ROOT / name, of_file) for name, of_file in by_file.items()}
    switch = (ROOT / "tests" / "mutants" / "switch.rs").read_text()
    (TREE / "src" / "mutant.rs").write_text(switch.replace("MUTANTS: usize = 0", f"MUTANTS: usize = {len(mutants)}"))
    library = TREE / "src" / "lib.rs"
    library.write_text(library.read_text() + "\n#[doc(hidden)]\npub mod mutant;\n")
    changed = set(files)
    for attempt in range(40):
        for name in changed:
            (TREE / name).write_bytes(files[name].rendered(files[name].tree.root_node))
        done, messages = cargo("check", "--lib")
        if done:
            break
        changed = set()
        for message in (one["message"] for one in messages if one["reason"] == "compiler-message"):
            if message["level"] != "error":
                continue
            spans = sorted(message["spans"], key=lambda span: not span["is_primary"])
            for span in spans:
                file = files.get(span["file_name"])
                # A `match` that lacks an arm is the fault of all its arms' switches.
                lacks_arm = (message["code"] or {}).get("code") == "E0004"
                left_out = file and enclosing((TREE / span["file_name"]).read_bytes(), span["byte_start"], lacks_arm)
                if left_out:
                    file.used -= set(left_out)
                    changed.add(span["file_name"])
                    break
            else:
                if spans:
                    print(message["rendered"], file=sys.stderr)
        print(f"attempt {attempt + 1}: {sum(len(file.used) for file in files.values())} of {len(mutants)} mutants left", flush=True)
        if not changed:
            sys.exit("mutants: does not compile, and no mutant is the reason")
    used = set().union(*(file.used for file in files.values()))
    done, messages = cargo("test", "--no-run", "--lib", "--test", "it")
    if not done:
        sys.exit("\n".join(one["message"]["rendered"] for one in messages if one["reason"] == "compiler-message"))
    programs = [one["executable"] for one in messages if one["reason"] == "compiler-artifact" and one["profile"]["test"] and one["executable"]]
    state = {"mutants": [mutant for mutant in mutants if mutant["number"] in used], "programs": programs,
             "listed": dict(collections.Counter(module_of(mutant["file"]) for mutant in mutants))}
    (OUT / "prepared.json").write_text(json.dumps(state))
    return state


def run_tests(program, names, seconds, **environment):
    """Runs tests until one fails; returns whether all passed."""
    fixed = {"INSTA_UPDATE": "no", "INSTA_FORCE_PASS": "0", "CARGO_MANIFEST_DIR": str(TREE), "RUSTC_BOOTSTRAP": "1", "RUST_BACKTRACE": "0",
             "CARGO_TARGET_DIR": str(OUT / "build")}
    command = [program, "--exact", "--test-threads=1", "-Zunstable-options", "--fail-fast", *names]
    try:
        done = subprocess.run(command, cwd=TREE, env=os.environ | fixed | environment, timeout=seconds,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def record(state, jobs):
    """Runs each test once for itself: which mutants it reaches, and how long it takes."""
    tests = []
    for program in state["programs"]:
        names = subprocess.run([program, "--list"], cwd=TREE, capture_output=True, text=True, check=True).stdout
        names = [line.removesuffix(": test") for line in names.splitlines() if line.endswith(": test")]
        tests += [(program, name) for name in names if not any(slow in name for slow in SLOW)]

    def one(number):
        program, name = tests[number]
        reached = OUT / f"reached-{number}"
        reached.unlink(missing_ok=True)
        begin = time.monotonic()
        passed = run_tests(program, [name], 300, MUTANTS_REACHED=str(reached))
        took = time.monotonic() - begin
        found = sorted({int(line) for line in reached.read_text().split()}) if reached.exists() else []
        reached.unlink(missing_ok=True)
        return {"program": program, "name": name, "seconds": took, "passed": passed, "reached": found}

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        recorded = list(pool.map(one, range(len(tests))))
    for test in recorded:
        if not test["passed"]:
            print(f"left out, fails without a mutant: {test['name']}", file=sys.stderr)
    return [test for test in recorded if test["passed"]]


def batches(tests):
    """Tests of one program in groups of some seconds, as they come."""
    while tests:
        of_program = collections.defaultdict(list)
        seconds = 0.0
        while tests and seconds < 3:
            seconds += tests[0]["seconds"]
            of_program[tests[0]["program"]].append(tests[0])
            tests = tests[1:]
        for program, group in of_program.items():
            yield [test["name"] for test in group], program, sum(test["seconds"] for test in group)


def outcome(mutant, tests):
    """`caught`, `lived`, or `unreached` if no test gets there."""
    if not tests:
        return "unreached"
    for names, program, seconds in batches(tests):
        if not run_tests(program, names, 20 + 8 * seconds, MUTANT=str(mutant["number"])):
            return "caught"
    return LIVED


def known_equivalent():
    lines = EQUIVALENT.read_text().splitlines() if EQUIVALENT.exists() else []
    return {line.split(" # ")[0].strip() for line in lines if line and not line.startswith("#")}


def place(mutant):
    """A name of a mutant that stays when lines move: its file, what it changes, and in which function."""
    return re.sub(r":\d+:\d+: ", ": ", mutant["name"])


def is_sampled(key, sample):
    return zlib.crc32(repr(key).encode()) % sample == 0


def report(results, listed_of_module):
    equivalent = known_equivalent()
    rows, lived = [], collections.defaultdict(list)
    for module in MODULES:
        of_module = [one for one in results.values() if module_of(one["file"]) == module]
        counts = collections.Counter("equivalent" if one["outcome"] != "caught" and one["place"] in equivalent else one["outcome"] for one in of_module)
        tried = sum(counts.values()) - counts["equivalent"]
        if not of_module:
            continue
        score = 100 * counts["caught"] / tried if tried else 100
        cells = [module, listed_of_module.get(module, 0), len(of_module), counts["caught"], counts[LIVED], counts["unreached"], counts["equivalent"]]
        rows.append("| " + " | ".join(map(str, cells)) + f" | {score:.0f} % |")
        for one in of_module:
            if one["outcome"] != "caught" and one["place"] not in equivalent:
                lived[module].append(f"{one['name'].removeprefix('src/')}{'' if one['outcome'] == LIVED else ' (no test gets there)'}")
    text = ["# Mutants that live", "", "Written by `tests/mutants.sh --report`. Tests that need a corpus or minutes did not run against these.", "",
            "| module | listed | tried | caught | lived | not reached | equivalent | caught of tried |", "|---|---:|---:|---:|---:|---:|---:|---:|", *rows]
    for module, names in lived.items():
        text += ["", f"## {module}", "", *(f"* `{name}`" for name in sorted(names))]
    REPORT.write_text("\n".join(text) + "\n")
    print("\n".join(text[4 : 6 + len(rows)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every Nth mutant")
    parser.add_argument("--build", action="store_true", help="build again, after changes")
    parser.add_argument("--again", action="store_true", help="try only those that lived")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", action="store_true", help="only write the report")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    modules = arguments.modules or MODULES
    if unknown := set(modules) - set(MODULES):
        parser.error(f"no module of this name: {', '.join(sorted(unknown))}")
    log = OUT / "results.jsonl"
    results = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        one = json.loads(line)
        results[one["place"], one["nth"]] = one
    prepared = OUT / "prepared.json"
    if not arguments.report and (arguments.build or not prepared.exists() or not (OUT / "recorded.json").exists()):
        state = prepare()
        recorded = record(state, arguments.jobs)
        (OUT / "recorded.json").write_text(json.dumps(recorded))
    state = json.loads(prepared.read_text())
    if not arguments.report:
        recorded = json.loads((OUT / "recorded.json").read_text())
        of_mutant = collections.defaultdict(list)
        # The fastest first, and those that reach little, since they look closer.
        for test in sorted(recorded, key=lambda test: 20 * test["seconds"] + len(test["reached"]) / 1000):
            if test["seconds"] > LONG:
                continue
            for number in test["reached"]:
                of_mutant[number].append(test)
        seen, todo = collections.Counter(), []
        for mutant in state["mutants"]:
            key = (place(mutant), seen[place(mutant)])
            seen[place(mutant)] += 1
            known = results.get(key)
            # Of a sample, the same mutants are tried whatever comes before them.
            wanted = known and known["outcome"] != "caught" if arguments.again else not known and is_sampled(key, arguments.sample)
            if module_of(mutant["file"]) in modules and wanted:
                todo.append((mutant, key))

        def one(item):
            mutant, key = item
            if time.monotonic() > end:
                return
            result = {"place": key[0], "nth": key[1], "name": mutant["name"], "file": mutant["file"],
                      "outcome": outcome(mutant, of_mutant[mutant["number"]])}
            results[key] = result
            with log.open("a") as out:
                out.write(json.dumps(result) + "\n")

        print(f"{len(todo)} mutants", flush=True)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            list(pool.map(one, todo))
    report(results, state["listed"])


main()
