//! What the steps of a Dockerfile bring into an image, and what they leave behind.

use crate::common::Checked;

/// Returns whether a rule reports a Dockerfile.
fn is_reported(dockerfile: &str, rule: &str) -> bool {
    !Checked::texts(&[("Dockerfile", dockerfile)]).of_rule(rule).is_empty()
}

#[track_caller]
fn assert_left(head: &str, line: &str, expected: bool) {
    let dockerfile = format!("FROM debian:13-slim\n{head}RUN {line}\n");
    assert_eq!(is_reported(&dockerfile, "uncleaned-package-cache"), expected, "{dockerfile}");
}

const INSTALL: &str = "apt-get update && apt-get install -y git";

#[test]
fn each_way_to_delete_empties_a_cache() {
    for (behind, left) in [
        ("rm -rf /var/lib/apt/lists/*", false),
        ("rm -rf /tmp/*", true),
        ("find /var/lib/apt/lists -type f -delete", false),
        ("find /var/lib/apt/lists -type f -exec rm {} +", false),
        ("find /tmp /var/lib/apt/lists -mindepth 1 -delete", false),
        ("find /var/lib/apt/lists -type f", true),
        ("find /tmp -delete", true),
        // The path may come from anywhere.
        ("find /x | xargs rm -f", false),
        ("trap 'rm -rf /var/lib/apt/lists/*' EXIT", false),
        ("trap 'rm -rf /tmp/x' EXIT", true),
        ("rmdir /var/lib/apt/lists", false),
        ("ls /var/lib/apt/lists", true),
    ] {
        assert_left("", &format!("{INSTALL} && {behind}"), left);
    }
}

/// A trap is set before what it cleans up after.
#[test]
fn a_trap_empties_a_cache_at_the_end() {
    for (before, left) in [
        ("trap 'rm -rf /var/lib/apt/lists/*' EXIT;", false),
        ("trap 'rm -rf /tmp/x' EXIT;", true),
        ("clean() { rm -rf /var/lib/apt/lists/*; }; trap clean EXIT;", false),
        ("clean() { rm -rf /var/lib/apt/lists/*; }; trap 'echo bye; clean' EXIT;", false),
        ("clean() { rm -rf /var/lib/apt/lists/*; }; trap cleaner EXIT;", true),
        ("clean() { rm -rf /tmp/x; }; trap clean EXIT;", true),
    ] {
        assert_left("", &format!("{before} {INSTALL}"), left);
    }
}

#[test]
fn a_variable_is_a_path_where_it_is_set() {
    const IMAGE: &str = "ENV LISTS=/var/lib/apt/lists OTHER=/tmp/x APT=/var/lib/apt\n";
    for (before, path, left) in [
        ("D=/var/lib/apt/lists", "$D", false),
        ("D=/var/lib/apt/lists", "\"$D\"/*", false),
        ("D=/var/lib", "${D}/apt/lists", false),
        ("D=/tmp/x", "$D", true),
        ("D=/tmp/x", "\"${D}\"/*", true),
        ("D=$(mktemp -d)", "\"$D\"", true),
        ("E=/tmp/x D=/var/lib/apt/lists", "$E", true),
        ("E=/tmp/x D=/var/lib/apt/lists", "$D", false),
        ("D=$ELSEWHERE/tmp", "$D", true),
        // Not known: it may be the directory.
        ("D=$ELSEWHERE/lists", "$D", false),
        ("D=/var/lib/$ELSEWHERE", "$D", false),
        ("D=$ELSEWHERE", "\"$D\"", false),
        ("D=/tmp/x", "$D_ELSEWHERE", false),
        ("true", "$D", false),
        ("true", "$LISTS", false),
        ("true", "$OTHER", true),
        ("true", "${APT}/lists", false),
    ] {
        assert_left(IMAGE, &format!("{before} && {INSTALL} && rm -rf {path}"), left);
    }
}

#[test]
fn functions_and_programs_that_may_clean_up_are_told_from_others() {
    for (line, left) in [
        ("clean() { rm -rf /var/lib/apt/lists/*; }; INSTALL && clean", false),
        ("INSTALL && clean() { rm -rf /var/lib/apt/lists/*; } && clean", false),
        ("INSTALL; clean() { rm -rf /var/lib/apt/lists/*; }", true),
        ("clean() { rm -rf /var/lib/apt/lists/*; }; clean; INSTALL", true),
        ("tidy() { echo; }; INSTALL && tidy", true),
        ("chroot /mnt INSTALL", false),
        ("INSTALL && sh /opt/x", false),
        ("INSTALL && . /opt/x", false),
        ("INSTALL && ./build", false),
        ("INSTALL && ./configure", true),
        ("INSTALL && /usr/local/bin/build", true),
        ("INSTALL && /usr/local/bin/build.sh", false),
        ("INSTALL && bash", true),
        ("INSTALL && bash -c 'make'", true),
        ("INSTALL && eval \"$X\"", false),
        ("INSTALL && eval true", true),
        ("INSTALL && $TOOL", false),
        ("INSTALL && make", true),
        ("INSTALL && make-clean", false),
        ("cleanup() { echo; }; INSTALL && cleanup", true),
        ("INSTALL && apt-get dist-clean", false),
        ("INSTALL && dnf clean all", true),
    ] {
        assert_left("", &line.replace("INSTALL", INSTALL), left);
    }
}

#[track_caller]
fn assert_lacks(steps: &str, expected: bool) {
    let dockerfile = format!("FROM debian:13-slim\n{steps}\nHEALTHCHECK CMD curl -f http://localhost/\n");
    assert_eq!(is_reported(&dockerfile, "healthcheck-missing-tool"), expected, "{dockerfile}");
}

#[test]
fn lists_of_packages_may_be_variables() {
    for (steps, lacks) in [
        ("RUN apt-get install -y curl", false),
        ("RUN apt-get install -y vim", true),
        ("RUN P=curl && apt-get install -y $P", false),
        ("RUN P=vim && apt-get install -y $P", true),
        ("RUN P_A=vim && apt-get install -y $P_A", true),
        ("RUN P_A=vim && apt-get install -y ${P_A}", true),
        ("RUN P='vim less' && apt-get install -y ${P} git", true),
        ("RUN P='vim curl' && apt-get install -y ${P} git", false),
        ("RUN Q=vim P=$Q && apt-get install -y $P", true),
        ("RUN P=vim && P=curl && apt-get install -y $P", false),
        ("RUN P=curl; P=vim; apt-get install -y $P", true),
        // Set behind it, in a circle, by a command: nobody knows.
        ("RUN apt-get install -y $P; P=vim", false),
        ("RUN A=$B B=$A && apt-get install -y $A", false),
        ("RUN P=`list` && apt-get install -y $P", false),
        ("RUN apt-get install -y ${P:-vim}", false),
        ("ENV P=curl\nRUN apt-get install -y $P", false),
        ("ENV P=vim\nRUN apt-get install -y $P", true),
        ("ARG P=curl\nRUN apt-get install -y $P", false),
        ("ARG P=vim\nRUN apt-get install -y $P", true),
        ("ARG P\nRUN apt-get install -y $P", false),
        ("RUN A=vim B=$A C=$B D=$C && apt-get install -y $D", true),
        ("RUN A=vim B=$A C=$B D=$C E=$D && apt-get install -y $E", false),
        ("RUN xargs apt-get install -y < list", false),
        ("RUN apt-get install -y ./x.deb", false),
        ("RUN apt-get install -y 'lib*'", false),
    ] {
        assert_lacks(steps, lacks);
    }
}

#[test]
fn copies_bring_what_may_be_a_program() {
    for (line, lacks) in [
        ("cp files/* /usr/bin/", false),
        ("cp files/* /srv/", true),
        ("cp a.txt /usr/bin/", true),
        ("cp curl /srv/", false),
        ("mv /tmp/curl /srv/x", false),
        ("cp $F /usr/local/bin/", false),
        ("cp a.txt /usr/bin/$NAME", false),
        ("install -m 755 a.bin \"/usr/local/bin/${NAME}\"", false),
        ("cp a.txt /srv/$NAME", true),
        ("cp -r x/* $DEST", false),
        ("cp a.txt $DEST", true),
        ("install -m 755 build/* /usr/local/bin", false),
        ("ln -s /opt/x/* /usr/bin/", false),
        ("rsync -a x/ /usr/", false),
        ("cp -r x y", true),
        ("cp", true),
        ("echo x > /usr/bin/curl", false),
        ("cat < /usr/bin/curl", true),
        ("chmod +x /usr/bin/curl", false),
        ("which curl", true),
    ] {
        assert_lacks(&format!("RUN {line}"), lacks);
    }
}

#[test]
fn archives_bring_programs_where_they_are_unpacked() {
    for (steps, lacks) in [
        ("RUN tar xf a.tar -C /", false),
        ("RUN tar xf a.tar -C /srv", true),
        ("RUN tar xf a.tar -C /srv curl", false),
        ("RUN tar xf a.tar -C $X", false),
        ("RUN tar -C/usr -xzf a.tar", false),
        ("RUN tar -C/srv -xzf a.tar", true),
        ("RUN tar --directory=/usr --extract -f a.tar", false),
        ("RUN tar --directory=/srv --extract -f a.tar", true),
        ("RUN tar --directory /usr --extract -f a.tar", false),
        ("RUN tar --directory /srv --extract -f a.tar", true),
        ("RUN tar cf a.tar /usr", true),
        ("RUN tar -tf a.tar", true),
        ("RUN tar --create --exclude=x -f a.tar", true),
        ("RUN bsdtar xf a.tar -C /usr", false),
        ("RUN bsdtar cf a.tar /usr", true),
        ("RUN unzip a.zip -d /usr/bin", false),
        ("RUN unzip a.zip -d /srv", true),
        ("RUN unzip a.zip", false),
        ("RUN cd /srv && tar xf a.tar", true),
        ("RUN cd / && tar xf a.tar", false),
        ("WORKDIR /srv\nRUN tar xf a.tar", true),
        ("WORKDIR /usr\nRUN tar xf a.tar", false),
        ("WORKDIR /usr\nRUN cd /srv && tar xf a.tar", true),
    ] {
        assert_lacks(steps, lacks);
    }
}

#[test]
fn scripts_bring_anything_and_settings_nothing() {
    for (line, lacks) in [
        (". /etc/os-release", true),
        (". ./env", true),
        ("source ./install.sh", false),
        (". /opt/setup.sh", false),
        ("make() { :; }; make", true),
        ("make install", false),
        ("./tool", false),
        ("./mvnw package", true),
        ("bash", false),
        ("bash install.sh", false),
        ("bash -c 'echo'", true),
        ("python x.py", false),
        ("python -c 'x'", true),
        ("conda install x", false),
        ("pip install x", true),
    ] {
        assert_lacks(&format!("RUN {line}"), lacks);
    }
}

/// A `COPY` of programs into a directory of programs may bring one, and so may an archive that `ADD` unpacks there.
#[test]
fn copied_files_bring_what_may_be_a_program() {
    for (line, lacks) in [
        ("COPY curl /srv/", false),
        ("COPY x /srv/curl", false),
        ("COPY curl/ /srv/", false),
        ("COPY a.txt /usr/bin/", true),
        ("COPY a.txt /srv/", true),
        ("COPY tools /usr/bin/", false),
        ("COPY tools/ /usr/local/bin", false),
        ("COPY *.bin /usr/bin/", false),
        ("COPY a[1] /sbin/", false),
        ("COPY . /", false),
        ("COPY . /srv/", true),
        ("COPY tools /etc/", true),
        ("COPY a.txt $X/", true),
        ("COPY tools $X/", false),
        ("ADD rootfs.tar /", false),
        ("ADD rootfs.tar.gz /", false),
        ("ADD rootfs.tgz /usr", false),
        ("ADD rootfs.tar.xz /usr/local/", false),
        ("ADD rootfs.tar.zst /", false),
        ("ADD rootfs.txz /", false),
        ("ADD rootfs.tar.bz2 /", false),
        ("ADD rootfs.tar /srv", true),
        ("ADD rootfs.zip /", true),
        ("COPY --from=acme/x /usr/bin/x.y /usr/bin/", false),
        ("COPY --from=acme/x /srv/a.txt /usr/bin/", false),
        ("COPY --from=acme/x /opt/x /srv/", false),
        ("COPY --from=acme/x / /srv/", false),
        ("COPY --from=acme/x /bin/x.y /srv/", false),
        ("COPY --from=acme/x /sbin/x.y /srv/", false),
        ("COPY --from=acme/x /app/x.y /srv/", true),
    ] {
        assert_lacks(line, lacks);
    }
}

/// A cache stays out of a layer by a variable of the manager, wherever it is set before, by its configuration, or by a mount.
#[test]
fn a_cache_may_be_kept_out_of_the_layer() {
    let install = "pip install x";
    for (head, line, left) in [
        ("", "pip install x", true),
        ("ENV PIP_NO_CACHE_DIR=1\n", install, false),
        ("ENV PIP_OTHER=1\n", install, true),
        ("ARG PIP_NO_CACHE_DIR=1\n", install, false),
        ("ARG PIP_NO_CACHE_DIR\n", install, false),
        ("ARG PIP_OTHER=1\n", install, true),
        ("", "PIP_NO_CACHE_DIR=1 pip install x", false),
        ("", "PIP_OTHER=1 pip install x", true),
        ("", "export PIP_NO_CACHE_DIR=1 && pip install x", false),
        ("", "PIP_NO_CACHE_DIR=1; pip install x", false),
        ("", "declare -x PIP_NO_CACHE_DIR=1 && pip install x", false),
        ("", "PIP_NO_CACHE_DIR=1 echo && pip install x", true),
        ("", "pip install x && export PIP_NO_CACHE_DIR=1", true),
        ("", "PIP_NO_CACHE_DIR=1 sh -c 'pip install x'", false),
        ("RUN pip config set global.no-cache-dir true\n", install, false),
        ("RUN pip config list\n", install, true),
        ("COPY pip.conf /etc/\n", install, false),
        ("COPY x.conf /etc/\n", install, true),
        ("", "chroot /mnt pip install x", false),
        ("", "--mount=type=cache,target=/root/.cache pip install x", false),
        ("", "--mount=type=cache,target=/root/.cache/pip pip install x", false),
        ("", "--mount=type=cache,dst=/root/.cache pip install x", false),
        ("", "--mount=type=cache,destination=\"/root/.cache\" pip install x", false),
        ("", "--mount=type=tmpfs,target=/root/.cache pip install x", false),
        ("", "--mount=type=bind,target=/root/.cache pip install x", true),
        ("", "--mount=target=/root/.cache pip install x", true),
        ("", "--mount=type=cache,target=/var/cache pip install x", true),
        ("", "--mount=type=cache pip install x", true),
        ("WORKDIR /root\n", "--mount=type=cache,target=.cache pip install x", false),
        ("WORKDIR /srv\n", "--mount=type=cache,target=cache pip install x", true),
        ("", "pip install --no-cache-dir x", false),
    ] {
        let dockerfile = format!("FROM python:3.13-slim\n{head}RUN {line}\n");
        assert_eq!(is_reported(&dockerfile, "uncleaned-package-cache"), left, "{dockerfile}");
    }
}

/// Of each manager one installation is reported in a step, and the first 64 are looked at.
#[test]
fn each_manager_is_reported_once_in_a_step() {
    let found = |line: &str| {
        let dockerfile = format!("FROM python:3.13-slim\nRUN {line}\n");
        Checked::texts(&[("Dockerfile", &dockerfile)]).of_rule("uncleaned-package-cache").len()
    };
    assert_eq!(found("pip install a && pip install b"), 1);
    assert_eq!(found("pip install a && npm install b"), 2);
    assert_eq!(found("pip install a\nRUN pip install b"), 2);
    for (before, expected) in [(63, 1), (64, 0)] {
        let kept_out = "PIP_NO_CACHE_DIR=1 pip install a && ".repeat(before);
        assert_eq!(found(&format!("{kept_out}pip install b")), expected, "{before}");
    }
}

/// Returns the image that a fix of `heavy-base-image` writes.
fn lighter(files: &[(&str, &str)]) -> Option<String> {
    let checked = Checked::tree(files, "");
    let found = checked.of_rule("heavy-base-image");
    Some(found.first()?.fixes.first()?.edits.first()?.replacement.clone())
}

/// An image of another distribution is only offered where nothing is made for that of the base.
#[test]
fn what_is_made_for_debian_stays_on_debian() {
    for (steps, free) in [
        ("", true),
        ("RUN docker-php-ext-install x\n", true),
        ("RUN sh -c 'echo'\n", true),
        ("RUN bin/setup\n", true),
        ("RUN echo rebash\n", true),
        ("RUN apt-get update\n", false),
        ("RUN dpkg -l\n", false),
        ("RUN useradd x\n", false),
        ("RUN bash -c 'echo'\n", false),
        ("RUN echo a,bash\n", false),
        ("RUN echo /etc/apt/x\n", false),
        ("RUN X=/etc/apt/y true\n", false),
        ("COPY x.deb /\n", false),
        ("SHELL [\"/bin/bash\", \"-c\"]\nRUN echo\n", false),
        ("ENTRYPOINT [\"bash\"]\n", false),
        // What is not read may need anything.
        ("RUN ./setup.sh\n", false),
        ("RUN sh setup\n", false),
        ("RUN curl x | sh\n", false),
    ] {
        let dockerfile = format!("FROM php:8.4-cli\n{steps}CMD [\"php\", \"a.php\"]\n");
        let expected = free.then(|| "php:8.4-cli-alpine".to_owned());
        assert_eq!(lighter(&[("Dockerfile", &dockerfile)]), expected, "{steps}");
    }
    let dockerfile = "FROM php:8.4-cli\nCOPY run.sh /\nCMD [\"php\", \"a.php\"]\n";
    assert!(lighter(&[("Dockerfile", dockerfile), ("run.sh", "#!/bin/sh\necho\n")]).is_some());
    assert!(lighter(&[("Dockerfile", dockerfile), ("run.sh", "#!/bin/sh\napt-get update\n")]).is_none());
}

/// A part of a Dockerfile that a script puts behind another has no stage of its own. A misspelt FROM is a mistake.
#[test]
fn only_a_part_needs_no_stage() {
    for (name, text, errors) in [
        ("Dockerfile", "RUN echo\n", 1),
        ("dockerfile", "RUN echo\n", 1),
        ("Containerfile", "RUN echo\n", 1),
        ("Dockerfile.append", "RUN echo\n", 0),
        ("base.Dockerfile", "RUN echo\n", 0),
        ("Dockerfile.append", "# nothing\n", 1),
        ("Dockerfile.append", "FORM acme/x\nRUN echo\n", 2),
        ("Dockerfile.append", "FROM\nRUN echo\n", 1),
        ("Dockerfile.append", "FROM acme/x\nRUN echo\n", 0),
    ] {
        let sources = oomlint::source::Sources::new();
        sources.add(std::path::Path::new(name), text);
        let mut discovered = oomlint::discover::Discovered::default();
        discovered.add(name.into(), oomlint::discover::FileKind::Dockerfile);
        let found = oomlint::check::run(&oomlint::check::Options::default(), &sources, &discovered).findings;
        let found = found.iter().filter(|finding| finding.rule == "syntax-error");
        assert_eq!(found.count(), errors, "{name}: {text}");
    }
}

/// A probe that is written anew keeps its times.
#[test]
fn a_new_probe_keeps_the_flags_of_the_old_one() {
    for (old, new) in [
        ("CMD curl -f http://localhost/", "HEALTHCHECK CMD [\"wget\","),
        (
            "--interval=5s --timeout=3s --start-period=1m --retries=2 CMD curl -f http://localhost/",
            "HEALTHCHECK --interval=5s --timeout=3s --start-period=1m --retries=2 CMD [\"wget\",",
        ),
        (
            "--start-interval=2s --interval=90s CMD [\"curl\", \"-f\", \"http://localhost/\"]",
            "HEALTHCHECK --interval=1m30s --start-interval=2s CMD [\"wget\",",
        ),
    ] {
        let checked = Checked::texts(&[("Dockerfile", &format!("FROM alpine:3.22\nHEALTHCHECK {old}\n"))]);
        let found = checked.of_rule("healthcheck-missing-tool");
        let help = found.first().and_then(|finding| finding.help.as_deref()).unwrap_or_default();
        assert!(help.contains(new), "{old}: {help}");
    }
}

/// A lighter image is offered unless the container, or a step, uses what it lacks.
#[test]
fn what_a_lighter_image_lacks_keeps_the_base() {
    for (start, free) in [
        ("CMD [\"node\", \"a.js\"]", true),
        ("CMD [\"/usr/local/bin/node\", \"a.js\"]", true),
        ("CMD [\"sh\", \"-c\", \"/bin/echo && exec node a.js\"]", true),
        ("CMD [\"git\", \"daemon\"]", false),
        ("CMD [\"/usr/bin/git\", \"daemon\"]", false),
        ("CMD [\"node\", \"/srv/git\"]", true),
        ("CMD [\"node\", \"a.js\", \"git\"]", true),
        ("CMD [\"node\", \"a.js\", \"/usr/bin/git\"]", false),
        ("CMD [\"sh\", \"-c\", \"command -v git; node a.js\"]", false),
        ("CMD [\"sh\", \"-c\", \"which git; node a.js\"]", false),
        ("CMD [\"sh\", \"-c\", \"echo git; node a.js\"]", true),
        ("CMD [\"sh\", \"-c\", \"EDITOR=git node a.js\"]", false),
        ("CMD [\"sh\", \"-c\", \"EDITOR='git x' node a.js\"]", false),
        ("CMD [\"sh\", \"-c\", \"EDITOR=/usr/bin/git node a.js\"]", false),
        ("CMD [\"sh\", \"-c\", \"EDITOR='x git' node a.js\"]", true),
        ("HEALTHCHECK CMD curl -f http://localhost/\nCMD [\"node\", \"a.js\"]", false),
        ("HEALTHCHECK CMD [\"curl\", \"-f\", \"http://localhost/\"]\nCMD [\"node\", \"a.js\"]", false),
        ("HEALTHCHECK CMD [\"node\", \"p.js\"]\nCMD [\"node\", \"a.js\"]", true),
        // Nothing is known of what such a container is for.
        ("CMD [\"sleep\", \"infinity\"]", false),
        ("CMD [\"bash\"]", false),
    ] {
        let found = lighter(&[("Dockerfile", &format!("FROM node:22\n{start}\n"))]);
        assert_eq!(found.is_some(), free, "{start}: {found:?}");
    }
}

/// Scripts that the container gets may be run by its program. Of the context's directories some are for others.
#[test]
fn scripts_in_directories_use_tools_too() {
    for (copy, name, free) in [
        ("COPY . /app", "run.sh", false),
        ("COPY . /app", "bin/run.sh", false),
        ("COPY . /app", "a/b/run.sh", false),
        ("COPY . /app", "a/b/c/run.sh", true),
        ("COPY . /app", "bin/run", false),
        ("COPY . /app", "bin/run.txt", true),
        ("COPY . /app", "node_modules/run.sh", true),
        ("COPY . /app", "docs/run.sh", true),
        ("COPY docs /docs", "docs/run.sh", false),
        ("COPY test/ /test", "test/run.sh", false),
        ("COPY bin /bin", "docs/run.sh", true),
        ("COPY bin /bin", "bin/run.sh", false),
        ("COPY --from=x . /app", "run.sh", true),
    ] {
        let dockerfile = format!("FROM node:22\n{copy}\nCMD [\"node\", \"a.js\"]\n");
        let found = lighter(&[("Dockerfile", &dockerfile), (name, "#!/bin/sh\ngit pull\n")]);
        assert_eq!(found.is_some(), free, "{copy} {name}");
    }
}

/// Returns whether a lighter base is known for a Dockerfile, even where a step needs more.
fn has_lighter_base(dockerfile: &str) -> bool {
    let checked = Checked::tree(&[("Dockerfile", dockerfile)], "");
    checked.outcome.projects[0].workloads[0].image.lighter_base.is_some()
}

/// A JDK is more than a program needs that the Dockerfile copies or builds. A program from elsewhere may need all of it.
#[test]
fn only_own_programs_are_known_to_need_no_jdk() {
    for (steps, start, own) in [
        ("COPY a.jar /app/", "java -jar /app/a.jar", true),
        ("COPY target/*.jar /app/", "java -jar /app/a.jar", true),
        ("WORKDIR /app\nCOPY a.jar .", "java -jar a.jar", true),
        ("WORKDIR /app\nCOPY a.jar /srv/", "java -jar a.jar", false),
        ("COPY a.jar /srv/", "java -jar /app/a.jar", false),
        ("COPY a.jar /app/", "java -cp /app/a.jar:/lib Main", true),
        ("COPY a.jar /srv/", "java -cp /app/*:/srv/a.jar Main", false),
        ("COPY lib /app/lib", "java -cp /app/lib/* Main", true),
        ("COPY lib /app/lib", "java -cp :/app/lib/x.jar Main", true),
        ("ENV HOME_DIR=/app\nCOPY a.jar /app/", "java -jar ${HOME_DIR}/a.jar", true),
        ("ENV HOME_DIR=/app\nCOPY a.jar /app/", "java -jar $HOME_DIR/a.jar", true),
        ("ENV HOME_DIR=/opt\nCOPY a.jar /app/", "java -jar $HOME_DIR/a.jar", false),
        // Where it lies is not known: it is the project's, unless something is downloaded.
        ("COPY a.jar /app/", "java -jar $ELSEWHERE/a.jar", true),
        ("COPY a.jar /app/", "java Main", true),
        ("RUN curl -o /x https://a/b\nCOPY a.jar /app/", "java Main", false),
        ("ADD https://a/b.jar /app/", "java Main", false),
        ("ADD https://a/b.jar /app/", "java -jar /app/b.jar", false),
        ("RUN curl -o /x https://a/b\nCOPY a.jar /app/", "java -jar /app/a.jar", true),
        ("RUN curl -o /app/b.jar https://a/b\nCOPY a.jar /srv/", "java -jar /app/b.jar", false),
        ("RUN curl -o /x https://a/b\nRUN javac Main.java", "java Main", true),
        ("COPY a.jar /app/", "catalina.sh run", false),
    ] {
        let dockerfile = format!("FROM eclipse-temurin:21-jdk\n{steps}\nCMD {start}\n");
        assert_eq!(has_lighter_base(&dockerfile), own, "{dockerfile}");
    }
    for (start, own) in [
        ("\"dotnet\", \"/app/a.dll\"", true),
        ("\"dotnet\", \"/srv/a.dll\"", false),
        ("\"dotnet\", \"exec\", \"/app/a.dll\"", true),
    ] {
        let dockerfile = format!("FROM mcr.microsoft.com/dotnet/sdk:9.0\nCOPY out /app\nCMD [{start}]\n");
        assert_eq!(has_lighter_base(&dockerfile), own, "{start}");
    }
}
