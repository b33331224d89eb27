//! Containers that do a piece of work, and listen nowhere: tests, builds, migrations, loops with `sleep` in them.

use super::Start;
use super::idle;
use super::start::{Handover, Program};
use crate::source::Text;
use crate::syntax::shell::{self, FrameKind, base_name};

/// Programs that run tests.
const TEST_RUNNERS: [&str; 37] = [
    "artillery",
    "ava",
    "bats",
    "behat",
    "behave",
    "cargo-nextest",
    "codecept",
    "ctest",
    "cucumber",
    "cucumber-js",
    "cypress",
    "ginkgo",
    "gotestsum",
    "jasmine",
    "jest",
    "k6",
    "karma",
    "mocha",
    "newman",
    "nightwatch",
    "nose2",
    "nosetests",
    "nox",
    "paratest",
    "pest",
    "phpspec",
    "phpunit",
    "playwright",
    "protractor",
    "py.test",
    "pytest",
    "robot",
    "rspec",
    "testcafe",
    "tox",
    "vitest",
    "wdio",
];

/// Programs that build, install, copy or ask somebody else, and end.
const TOOLS: [&str; 50] = [
    "alembic",
    "ansible-playbook",
    "apk",
    "apt",
    "apt-get",
    "aws",
    "bower",
    "bundler",
    "cmake",
    "composer",
    "curl",
    "docker",
    "docker-compose",
    "dnf",
    "esbuild",
    "eslint",
    "flyway",
    "git",
    "kubectl",
    "liquibase",
    "mc",
    "mkdocs",
    "mongodump",
    "mongoimport",
    "mongorestore",
    "mongosh",
    "mysql",
    "mysqladmin",
    "mysqldump",
    "ninja",
    "pg_dump",
    "pg_dumpall",
    "pg_isready",
    "pg_restore",
    "pip",
    "pip3",
    "protoc",
    "psql",
    "pylint",
    "rclone",
    "redis-cli",
    "restic",
    "rollup",
    "rsync",
    "terraform",
    "tsc",
    "wait-for-it.sh",
    "wget",
    "yum",
    "buf",
];

/// Programs of which the next words say what they do.
const RUNNERS: [&str; 34] = [
    "ant",
    "artisan",
    "bun",
    "bundle",
    "bunx",
    "cargo",
    "coverage",
    "deno",
    "dotnet",
    "go",
    "gradle",
    "gradlew",
    "make",
    "manage.py",
    "mix",
    "mvn",
    "mvnw",
    "node",
    "npm",
    "npx",
    "pdm",
    "pipenv",
    "php",
    "pnpm",
    "poetry",
    "prisma",
    "python",
    "python3",
    "rails",
    "rake",
    "sbt",
    "uv",
    "yarn",
    "next",
];

/// Words behind those that are work which ends.
const WORK: [&str; 31] = [
    "build",
    "check",
    "ci",
    "clean",
    "collectstatic",
    "compile",
    "fetch",
    "fmt",
    "generate",
    "get",
    "install",
    "lint",
    "loaddata",
    "makemigrations",
    "migrate",
    "nextest",
    "package",
    "publish",
    "restore",
    "seed",
    "spec",
    "sync",
    "test",
    "tests",
    "unittest",
    "verify",
    "vet",
    "--test",
    "deploy",
    "download",
    "tidy",
];

/// Words behind them that only lead to the next one.
const LEADS: [&str; 9] = ["run", "exec", "run-script", "-m", "db", "mod", "x", "dlx", "--"];

/// Runners that do all that their words name, one after the other.
const MANY_GOALS: [&str; 8] = ["ant", "gradle", "gradlew", "make", "mvn", "mvnw", "rake", "sbt"];

/// Words of which one is enough for a server: a page of results, a browser to look at.
const SERVES: [&str; 12] = [
    "--serve",
    "serve",
    "--ui",
    "--ui-host",
    "run-server",
    "show-report",
    "open",
    "--host",
    "preview",
    "dev",
    "start",
    "watch",
];

/// True when a start is known to be nothing but work that ends, or that a loop repeats after a `sleep`.
pub(super) fn listens_nowhere(start: &Start, handover: Option<&Handover>) -> bool {
    works_alone(&start.programs(handover)) || repeats(start, handover)
}

/// True when programs are known, one of them works, and none of them serves.
fn works_alone(programs: &[Program]) -> bool {
    programs.iter().any(works) && programs.iter().all(|program| works(program) || idle::is_nothing(program))
}

fn works(program: &Program) -> bool {
    let mut words = std::iter::once(&program.name).chain(&program.arguments).map(Text::as_str);
    if words.clone().any(|word| SERVES.contains(&word.split('=').next().unwrap_or(word))) {
        return false;
    }
    // `run-integration-tests.sh`
    let script = program.base_name().strip_suffix(".sh").unwrap_or_default();
    if script.split(['-', '_', '.']).any(|word| matches!(word, "test" | "tests" | "e2e")) {
        return true;
    }
    let mut before: Option<&str> = None;
    // `python -m pytest`, `npx playwright test`, `poetry run pytest`, `php artisan migrate`.
    while let Some(word) = words.next() {
        let name = base_name(word);
        if TEST_RUNNERS.contains(&name) || TOOLS.contains(&name) {
            return true;
        }
        match before {
            Some("node") if word == "--test" => return true,
            // A file or a directory of any name may be a server.
            Some("node" | "php") if !RUNNERS.contains(&name) && !word.starts_with('-') => return false,
            Some("python" | "python3") if word != "-m" && !word.starts_with('-') && name != "manage.py" => {
                return false;
            }
            Some(runner) if is_work(word) => {
                let goals = MANY_GOALS.contains(&runner);
                return !goals || words.all(|word| word.starts_with('-') || is_work(word));
            }
            _ => {}
        }
        let passes = before.is_some() && (LEADS.contains(&word) || word.starts_with('-'));
        if RUNNERS.contains(&name) {
            before = Some(name);
        } else if word == "-m" {
            before = Some("module");
        } else if !passes {
            return false;
        }
    }
    false
}

/// `test`, `test:unit`, `db:migrate`.
fn is_work(word: &str) -> bool {
    let ordered =
        word.split_once(':').is_some_and(|(kind, _)| matches!(kind, "test" | "build" | "lint" | "db"));
    WORK.contains(&word) || ordered
}

/// True when every command that does something stands in a loop with a `sleep`: what is there ends, or the `sleep` would never
/// come.
fn repeats(start: &Start, handover: Option<&Handover>) -> bool {
    let words = super::process::words(start, handover);
    let script = shell::read_words(&words);
    if !script.complete {
        return false;
    }
    let is_loop =
        |frame: &usize| script.frames.get(*frame).is_some_and(|frame| frame.kind == FrameKind::Loop);
    let sleeps: Vec<usize> = script
        .commands
        .iter()
        .filter(|command| command.program() == Some("sleep"))
        .filter_map(|command| script.around(command).find(is_loop))
        .collect();
    let quiet = |command: &shell::Command| {
        command.is_opened()
            || command.runs().is_empty()
            || command.program().is_some_and(|name| idle::is_quiet(name) || name == "sleep")
            || script.around(command).any(|frame| sleeps.contains(&frame))
            || script.around(command).any(|frame| {
                script
                    .frames
                    .get(frame)
                    .is_some_and(|frame| matches!(frame.kind, FrameKind::Substitution | FrameKind::Condition))
            })
            || works_words(command)
    };
    !sleeps.is_empty() && script.commands.iter().all(quiet)
}

fn works_words(command: &shell::Command) -> bool {
    let mut words = command.runs().iter().map(|word| word.text.clone());
    let Some(name) = words.next() else { return true };
    works(&Program { name, arguments: words.collect(), expanded: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn alone(words: &[&str]) -> bool {
        let words = words.iter().map(|word| Text::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        let start = Start { entrypoint: Vec::new(), command: words.collect(), shell: false };
        works_alone(&start.programs(None))
    }

    #[test]
    fn work_that_ends_listens_nowhere() {
        for line in [
            "pytest -v",
            "/app/entrypoint-integration-tests.sh",
            "./run_e2e.sh",
            "python -m pytest",
            "python3 -m unittest discover",
            "poetry run pytest",
            "uv run pytest tests",
            "npm test",
            "npm run test",
            "npm run test:e2e",
            "yarn test",
            "pnpm run build",
            "npx playwright test",
            "npx cypress run",
            "mvn test",
            "mvn -B verify",
            "./mvnw -q test",
            "./gradlew check",
            "go test ./...",
            "cargo test",
            "cargo build --release",
            "bundle exec rspec",
            "bundle exec rake spec",
            "vendor/bin/phpunit",
            "php artisan test",
            "php artisan migrate",
            "php vendor/bin/phpunit",
            "python manage.py test",
            "python manage.py migrate",
            "tox",
            "jest",
            "node --test",
            "make test",
            "dotnet test",
            "rails db:migrate",
            "docker image prune -af",
            "alembic upgrade head",
            "npm ci",
            "coverage run -m pytest",
            "rails test",
        ] {
            assert!(alone(&["sh", "-c", line]), "{line}");
            assert!(alone(&["sh", "-c", &format!("cd /x && pip install -r r.txt && {line}")]), "{line}");
            assert!(!alone(&["sh", "-c", &format!("{line} && exec node server.js")]), "{line}");
        }
        for line in [
            "npm start",
            "./contest.sh",
            "npm run dev",
            "node server.js",
            "python app.py",
            "python manage.py runserver",
            "go run .",
            "cypress open",
            "npx playwright run-server",
            "vitest --ui",
            "rails server",
            "php artisan serve",
            "java -jar test.jar",
            "./test",
            "npm install && npm start",
            "make",
            "cargo run",
            "mkdocs serve",
            "python -m http.server",
            "next start",
            "mvn spring-boot:run",
            "node test.js",
            "vite build --watch && x",
            "/app/server test",
            "node build",
            "mvn clean spring-boot:run",
            "make build run",
            "python build",
            "php test",
            "php -S 0.0.0.0:80",
        ] {
            assert!(!alone(&["sh", "-c", line]), "{line}");
        }
    }

    #[test]
    fn loops_with_a_sleep_listen_nowhere() {
        let repeats = |line: &str| {
            let words =
                ["sh", "-c", line].map(|word| Text::verbatim(word, Span::new(SourceId(0), 0, word.len())));
            repeats(&Start { entrypoint: Vec::new(), command: words.to_vec(), shell: false }, None)
        };
        for line in [
            "while true; do docker image prune -af; sleep 86400; done",
            "trap exit TERM; while :; do certbot renew; sleep 12h & wait $!; done",
            "while sleep 60; do :; done; while true; do /backup; sleep 3600; done",
            "apk add curl && while true; do curl -s http://api/tick; sleep 5; done",
            "until pg_isready -h db; do sleep 1; done; while true; do pg_dump -h db > /x; sleep 1d; done",
        ] {
            assert!(repeats(line), "{line}");
        }
        for line in [
            "while :; do sleep 6h & wait $!; nginx -s reload; done & nginx -g 'daemon off;'",
            "until pg_isready -h db; do sleep 1; done; exec node server.js",
            "nginx && while true; do sleep 60; done",
            "while true; do node server.js; done",
            "node server.js & while true; do date; sleep 5; done",
        ] {
            assert!(!repeats(line), "{line}");
        }
    }
}
