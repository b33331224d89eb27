//! Recognizes containers that do a job and listen on no port: tests, builds, migrations, loops around `sleep`.

use super::opened::StartedPrograms;
use super::start::{ExecEntrypoint, Program};
use super::{Start, idle};
use crate::catalog::Programs;
use crate::source::TracedText;
use crate::syntax::shell::{self, FrameKind, Join, base_name};

/// True for an interpreter or build tool that may run a server in the foreground.
pub(super) fn may_serve(name: &str) -> bool {
    name == "java" || Programs::builtin().task_runners.contains(name)
}

/// True if all the programs that nothing follows are jobs.
pub(super) fn is_only_jobs(opened: &StartedPrograms) -> bool {
    !opened.last.is_empty() && opened.last.iter().all(is_job)
}

/// True if a start consists of jobs that end.
pub(super) fn ends(opened: &StartedPrograms) -> bool {
    let goes_on = |program: &Program| {
        let words = || std::iter::once(&program.name).chain(&program.arguments).map(TracedText::as_str);
        // `npm run build:watch`, `tsc -w`
        let watches = |word: &str| word.split(':').any(|part| part == "watch");
        words().any(|word| Programs::builtin().keeps_running.contains(base_name(word)) || watches(word))
            || words().any(|word| Programs::builtin().watch_mode_programs.contains(base_name(word)))
                && words().any(|word| word == "-w")
    };
    (is_only_jobs(opened) || opened.exits) && !opened.endless && !opened.last.iter().any(goes_on)
}

/// True for a program that does a job and ends.
pub(super) fn is_job(program: &Program) -> bool {
    let mut words = std::iter::once(&program.name).chain(&program.arguments).map(TracedText::as_str);
    if words
        .clone()
        .any(|word| Programs::builtin().server_arguments.contains(word.split('=').next().unwrap_or(word)))
    {
        return false;
    }
    let name = program.base_name();
    // `run-integration-tests.sh`, `docker-entrypoint-migrator.sh`
    let script = name.strip_suffix(".sh").unwrap_or_default();
    let told = ["test", "tests", "e2e", "migrate", "migration", "migrations", "migrator"];
    if script.split(['-', '_', '.']).any(|word| told.contains(&word)) {
        return true;
    }
    // `python seed.py`, `node scripts/seed-users.js`, `./db_seeder.sh`
    let fills = |word: &str| {
        let stem = base_name(word).rsplit_once('.').map_or("", |(stem, _)| stem);
        let parts = || stem.split(['-', '_', '.']);
        // A seed node of a cluster is a server.
        parts().any(|part| Programs::builtin().seed_words.contains(part))
            && !parts().any(|part| matches!(part, "node" | "start" | "server"))
    };
    let file = match Programs::builtin().task_runners.contains(name) || name == "ruby" {
        true => program.arguments.iter().map(TracedText::as_str).find(|word| !word.starts_with('-')),
        false => Some(program.name.as_str()),
    };
    if file.is_some_and(fills) {
        return true;
    }
    // `kong migrations bootstrap`, `/app/server migrate`, `knex migrate:latest`
    if migrates(program.arguments.iter().map(TracedText::as_str)) {
        return true;
    }
    let mut before: Option<&str> = None;
    // `python -m pytest`, `npx playwright test`, `poetry run pytest`, `php artisan migrate`.
    while let Some(word) = words.next() {
        let name = base_name(word);
        // Apache's scripts have the ending `.sh` where other distributions omit it: `kafka-topics.sh`.
        if Programs::builtin().test_runners.contains(name)
            || Programs::builtin().client_programs.contains(name.strip_suffix(".sh").unwrap_or(name))
        {
            return true;
        }
        match before {
            Some("node") if word == "--test" => return true,
            // The file may be a server, whatever its name.
            Some("node" | "php")
                if !Programs::builtin().task_runners.contains(name) && !word.starts_with('-') =>
            {
                return migrates(words);
            }
            Some("python" | "python3") if word != "-m" && !word.starts_with('-') && name != "manage.py" => {
                return migrates(words);
            }
            Some(runner) if is_work(word) => {
                let goals = Programs::builtin().multi_task_runners.contains(runner);
                return !goals || words.all(|word| word.starts_with('-') || is_work(word));
            }
            _ => {}
        }
        let passes =
            before.is_some() && (Programs::builtin().task_prefixes.contains(word) || word.starts_with('-'));
        if Programs::builtin().task_runners.contains(name) {
            before = Some(name);
        } else if word == "-m" {
            before = Some("module");
        } else if !passes {
            // `npx knex migrate:latest`, `bundle exec rake db:migrate`
            return before.is_some() && migrates(words);
        }
    }
    false
}

/// True for the arguments of a database migration: `migrate`, `migrations up`, `db:migrate`, `db upgrade`.
fn migrates<'w>(words: impl Iterator<Item = &'w str>) -> bool {
    const OF_DATABASE: [&str; 9] =
        ["upgrade", "migrate", "init", "seed", "setup", "prepare", "create", "push", "reset"];
    let mut words = words.filter(|word| !word.starts_with('-'));
    let Some(first) = words.next() else { return false };
    if first == "db" {
        return words.next().is_some_and(|word| OF_DATABASE.contains(&word));
    }
    // `db:5432` is an address, `db:migrate` a task.
    let task = first.strip_prefix("db:").and_then(|rest| rest.split(':').next());
    let mut parts = first.split(':');
    task.is_some_and(|task| OF_DATABASE.contains(&task))
        || parts.any(|part| matches!(part, "migrate" | "migration" | "migrations"))
}

/// True for the name of a task that ends: `test`, `test:unit`, `db:migrate`.
fn is_work(word: &str) -> bool {
    let ordered =
        word.split_once(':').is_some_and(|(kind, _)| matches!(kind, "test" | "build" | "lint" | "db"));
    Programs::builtin().finite_tasks.contains(word) || ordered
}

/// True if the start has a loop with a `sleep` and every other command is a job, or in such a loop. Commands outside it end, or
/// the `sleep` would never be reached.
pub(super) fn repeats(start: &Start, handover: Option<&ExecEntrypoint>) -> bool {
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
        .filter_map(|command| script.enclosing(command).find(is_loop))
        .collect();
    let quiet = |command: &shell::Command| {
        command.runs_parsed_script()
            || command.runs().is_empty()
            || command.program().is_some_and(|name| idle::is_setup_name(name) || name == "sleep")
            || script.enclosing(command).any(|frame| sleeps.contains(&frame))
            || script.enclosing(command).any(|frame| {
                script
                    .frames
                    .get(frame)
                    .is_some_and(|frame| matches!(frame.kind, FrameKind::Substitution | FrameKind::Condition))
            })
            || is_job_command(command)
    };
    !sleeps.is_empty() && script.commands.iter().all(quiet)
}

/// True if a script of several commands ends with a word about its end, as in `…; echo "All done!"`, with nothing left in the
/// background.
pub(super) fn tells_its_end(start: &Start, handover: Option<&ExecEntrypoint>) -> bool {
    let words = super::process::words(start, handover);
    let script = shell::read_words(&words);
    let behind = script.commands.iter().any(|command| command.end == Join::Background)
        || script.frames.iter().any(|frame| frame.end == Join::Background);
    let told = script.commands.last().is_some_and(|last| {
        let outermost = script
            .enclosing(last)
            .all(|frame| script.frames.get(frame).is_some_and(|frame| frame.kind == FrameKind::Script));
        let plain = last.joined != Join::Pipe && last.joined != Join::Or && last.redirections.is_empty();
        outermost && plain && matches!(last.program(), Some("echo" | "printf"))
    });
    script.complete && !behind && told && script.commands.len() > 2
}

fn is_job_command(command: &shell::Command) -> bool {
    let mut words = command.runs().iter().map(|word| word.text.clone());
    let Some(name) = words.next() else { return true };
    is_job(&Program { name, arguments: words.collect(), expanded: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};
    use crate::workload::scripts::Scripts;

    fn alone(words: &[&str]) -> bool {
        let words =
            words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        is_only_jobs(&StartedPrograms::of(&words.collect::<Vec<_>>(), None, &Scripts::none()))
    }

    #[test]
    fn a_script_may_tell_its_end() {
        let tells = |script: &str| {
            let words = ["bash", "-c", script];
            let words =
                words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
            tells_its_end(&Start { entrypoint: Vec::new(), command: words.collect(), shell: false }, None)
        };
        assert!(tells("unzip a; chown -R a b; until curl x | grep -q y; do sleep 3; done; echo 'All done!'"));
        for script in [
            "serve & curl x; curl y; echo ready",
            "echo starting; serve",
            "cp a b; serve || echo failed",
            "cp a b; if serve; then echo done; fi",
            "cp a b; mv c d; echo x | serve",
            "cp a b; mv c d; echo x > file",
        ] {
            assert!(!tells(script), "{script}");
        }
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
            "mvn verify -B",
            "mvn test -q verify",
            "make -s test lint",
            "gradle test --info",
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
            "kong migrations bootstrap",
            "/app/server migrate",
            "npx knex migrate:latest",
            "npx sequelize-cli db:migrate",
            "php bin/console doctrine:migrations:migrate --no-interaction",
            "flask db upgrade",
            "python -m flask db upgrade",
            "prisma migrate deploy",
            "docker-entrypoint-migrator.sh",
            "kafka-topics.sh --create --topic a",
            "/opt/kafka/bin/kafka-topics.sh --list",
            "pg_dump -h db postgres",
            "rpk topic create a",
            "python seed.py",
            "node scripts/seed-users.js --all",
            "./db_seeder.sh",
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
            "wait-for db:5432",
            "npx wait-on db:5432",
            "/app/server test",
            "node build",
            "mvn clean spring-boot:run",
            "make build run",
            "python build",
            "php test",
            "php -S 0.0.0.0:80",
            "hydra serve all --migrate",
            "rpk redpanda start",
            "kafka-server-start.sh x",
            "migrate-and-serve",
            "python seedbank.py",
            "./start-seed.sh",
            "/run-seed-node.sh",
            "java -jar seed.jar",
        ] {
            assert!(!alone(&["sh", "-c", line]), "{line}");
        }
    }

    #[test]
    fn work_that_goes_on_does_not_end() {
        let does = |line: &str| {
            let words = ["sh", "-c", line]
                .map(|word| TracedText::verbatim(word, Span::new(SourceId(0), 0, word.len())));
            ends(&StartedPrograms::of(&words, None, &Scripts::none()))
        };
        for line in [
            "until mc alias set s3 http://s3:9000 a b; do sleep 1; done; mc mb s3/orders; exit 0",
            "for file in /sql/*.sql; do psql -h db -f $file; done",
            "python manage.py migrate && echo done",
        ] {
            assert!(does(line), "{line}");
        }
        for line in [
            "while true; do docker image prune -af; sleep 86400; done",
            "apk add jq; while [ 1 -eq 1 ]; do sleep 60; done",
            "npm run build -- --watch",
            "npm run build:watch",
            "npx tsc -w",
            "redis-cli -h cache monitor",
            "minio server /data & sleep 5; mc mb s3/orders",
        ] {
            assert!(!does(line), "{line}");
        }
    }

    #[test]
    fn loops_with_a_sleep_listen_nowhere() {
        let repeats = |line: &str| {
            let words = ["sh", "-c", line]
                .map(|word| TracedText::verbatim(word, Span::new(SourceId(0), 0, word.len())));
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
