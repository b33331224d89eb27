//! Suggested health checks use the protocol, user and port of the container.

use oomlint::check;
use oomlint::discover::{self, discover};
use oomlint::source::Sources;

/// Returns the help of `missing-healthcheck` for a project; `None` without a finding.
fn help(files: &[(&str, &str)]) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    let findings = check::run(&check::Options::default(), &Sources::new(), &found).findings;
    findings.into_iter().find(|finding| finding.rule == "missing-healthcheck")?.help
}

fn service(text: &str) -> String {
    help(&[("compose.yaml", &format!("services:\n  it: {text}\n"))]).unwrap_or_default()
}

fn image(text: &str) -> String {
    help(&[("Dockerfile", text)]).unwrap_or_default()
}

#[track_caller]
fn has(help: &str, part: &str) {
    assert!(help.contains(part), "{part} is not in:\n{help}");
}

#[test]
fn http_is_asked_of_what_speaks_it() {
    let zabbix = image("FROM alpine:3.22\nEXPOSE 10051/TCP\nCMD [\"/usr/sbin/zabbix_server\"]\n");
    has(&zabbix, r#"CMD ["nc", "-z", "127.0.0.1", "10051"]"#);
    has(&image("FROM debian:13\nEXPOSE 7000\nCMD [\"/app/server\"]\n"), "</dev/tcp/127.0.0.1/7000");
    has(&image("FROM alpine:3.22\nEXPOSE 8080\nCMD [\"/app\"]\n"), r#""nc", "-z""#);
    has(&image("FROM node:22-alpine\nEXPOSE 3000\nCMD [\"node\", \"a.js\"]\n"), "http://127.0.0.1:3000/");
    has(&image("FROM node:22-slim\nEXPOSE 9999\nCMD [\"node\", \"a.js\"]\n"), "</dev/tcp/127.0.0.1/9999");
    has(&image("FROM python:3.13-slim\nEXPOSE 9876\nCMD [\"uvicorn\", \"a:b\"]\n"), "http://127.0.0.1:9876/");
    has(&image("FROM php:8.4-apache\nEXPOSE 80\n"), "http://127.0.0.1/");
    let label = "{image: 'alpine:3.22', command: /app, labels: [traefik.http.services.a.loadbalancer.server.port=7070]}";
    has(&service(label), "http://127.0.0.1:7070/");
}

#[test]
fn ports_of_a_configuration_are_asked() {
    let dockerfile = "FROM nginx:1.30-alpine\nCOPY site.conf /etc/nginx/conf.d/default.conf\n";
    let with = |conf: &str| {
        help(&[("Dockerfile", &format!("{dockerfile}EXPOSE 80 8080\n")), ("site.conf", conf)]).unwrap()
    };
    has(&with("server { listen 8080; }"), "http://127.0.0.1:8080/");
    has(&with("server { listen 48087 http2; }"), r#""nc", "-z", "127.0.0.1", "48087""#);
    has(&with("server { root /x; }"), "http://127.0.0.1/");
    has(&with("server { listen ${PORT}; }"), "a configuration file that oomlint does not read");
    let mounted = "services:\n  lb: {image: 'nginx:stable', ports: ['1514:1514'], volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']}\n";
    let stream = "events {}\nstream { server { listen 1514; proxy_pass m; } }\n";
    has(&help(&[("compose.yaml", mounted), ("nginx.conf", stream)]).unwrap(), "</dev/tcp/127.0.0.1/1514");
    has(&help(&[("compose.yaml", mounted)]).unwrap(), "</dev/tcp/127.0.0.1/1514");
    let unread = "{image: 'nginx:stable', ports: ['8080:80'], volumes: ['./n.conf:/etc/nginx/nginx.conf']}";
    has(&service(unread), "http://127.0.0.1/");
    let apache = "services:\n  w: {image: 'httpd:2.4-alpine', volumes: ['./h.conf:/usr/local/apache2/conf/httpd.conf']}\n";
    has(&help(&[("compose.yaml", apache), ("h.conf", "Listen 8081\n")]).unwrap(), "http://127.0.0.1:8081/");
    has(&help(&[("compose.yaml", apache)]).unwrap(), "a configuration file that oomlint does not read");
    let built = "FROM node:22 AS b\nRUN npm run build\nFROM nginx:1.30-alpine\nCOPY --from=b /app/dist /usr/share/nginx/html\nEXPOSE 80\n";
    has(&image(built), "http://127.0.0.1/");
}

#[test]
fn users_are_those_of_the_container() {
    let with = |text: &str| service(&format!("{{image: 'postgres:16', environment: {{{text}}}}}"));
    has(&with("POSTGRES_PASSWORD: x"), "pg_isready -U postgres\"");
    has(&with("POSTGRES_USER: shop"), "pg_isready -U $${POSTGRES_USER:-postgres}");
    has(&with("POSTGRES_USER: ''"), "pg_isready -U $${POSTGRES_USER:-postgres}");
    has(&with("POSTGRES_USER_FILE: /run/secrets/u"), r#"pg_isready -U \"$$(cat /run/secrets/u)\""#);
    has(&with("POSTGRES_USER_FILE: '${WHERE}'"), r#"pg_isready -U \"$$(cat \"$$POSTGRES_USER_FILE\")\""#);
    let file = "services:\n  it: {image: 'postgres:16', env_file: [a.env, {path: b.env, required: false}]}\n";
    let read = |env: &str| help(&[("compose.yaml", file), ("a.env", env)]).unwrap();
    has(&read("POSTGRES_USER_FILE=/run/secrets/u\n"), r#"\"$$(cat /run/secrets/u)\""#);
    has(&read("POSTGRES_USER=shop\n"), "pg_isready -U $${POSTGRES_USER:-postgres}");
    has(&read("A=b\n"), "$${POSTGRES_USER:-postgres}");
    // Without `-d` the client asks for a database with the name of the user, and the server logs an error if it is missing.
    has(&with("POSTGRES_DB: shop"), "pg_isready -U postgres -d $${POSTGRES_DB:-postgres}");
    has(
        &with("POSTGRES_USER: u, POSTGRES_DB: shop"),
        "pg_isready -U $${POSTGRES_USER:-postgres} -d $${POSTGRES_DB:-$${POSTGRES_USER:-postgres}}",
    );
    has(&with("POSTGRES_USER: u, POSTGRES_DB: '${DB}'"), "-d $${POSTGRES_DB:-$${POSTGRES_USER:-postgres}}");
    has(
        &with("POSTGRES_USER: u, POSTGRES_DB_FILE: /run/secrets/d"),
        r#"-U $${POSTGRES_USER:-postgres} -d \"$$(cat /run/secrets/d)\""#,
    );
    has(
        &with("POSTGRES_USER_FILE: /run/secrets/u, POSTGRES_DB: shop"),
        r#"-d \"$${POSTGRES_DB:-$$(cat /run/secrets/u)}\""#,
    );
    has(
        &with("POSTGRES_USER_FILE: /run/secrets/u, POSTGRES_DB_FILE: /run/secrets/d"),
        r#"-U \"$$(cat /run/secrets/u)\" -d \"$$(cat /run/secrets/d)\""#,
    );
    let dockerfile = image("FROM postgres:17\nENV POSTGRES_DB=shop\nEXPOSE 5432\n");
    has(&dockerfile, "CMD pg_isready -U postgres -d ${POSTGRES_DB:-postgres}");
    // Data directories of older images lack the user of MariaDB's healthcheck.sh.
    for image in ["mariadb", "mariadb:11.4", "mariadb:10.6.20", "mariadb:lts"] {
        let of = service(&format!("{{image: '{image}'}}"));
        has(&of, r#"["CMD", "mariadb-admin", "ping", "-h", "127.0.0.1"]"#);
    }
    has(&service("{image: 'mariadb:10.5'}"), r#"["CMD", "mysqladmin", "ping", "-h", "127.0.0.1"]"#);
    let dockerfile = image("FROM postgres:16\nENV POSTGRES_USER_FILE=/run/secrets/u\nEXPOSE 5432\n");
    has(&dockerfile, r#"CMD pg_isready -U "$(cat /run/secrets/u)""#);
}

#[test]
fn servers_are_known_behind_options_and_scripts() {
    let redis = |text: &str| service(&format!("{{image: 'redis:7', {text}}}"));
    has(&redis("command: ['--maxmemory', '${M}']"), r#"["CMD", "redis-cli", "ping"]"#);
    has(&redis("command: ['--requirepass', '${PW}']"), "REDISCLI_AUTH");
    has(&redis("command: 'redis-server ${ARGS}'"), "REDISCLI_AUTH");
    has(&redis("command: redis-server --requirepass x"), "REDISCLI_AUTH");
    has(&redis("command: [/etc/redis.conf]"), "a configuration file that oomlint does not read");
    let auth = "environment: {REDISCLI_AUTH: x}, command: redis-server --requirepass x";
    has(&redis(auth), "redis-cli ping | grep -q PONG");
    has(&redis(&format!("{auth} --port 6390")), "redis-cli -p 6390 ping | grep");
    // Flags of other programs on the line do not apply to the server.
    has(
        &service(
            "{image: 'postgres:17', command: 'sh -c \"psql -h old -p 5439 -c x; exec postgres -c shared_buffers=1GB\"'}",
        ),
        "pg_isready -U postgres",
    );
    has(&service("{image: 'postgres:17', command: [-cport=5433]}"), "pg_isready -p 5433 -U postgres");
    // The path of a successful response is unknown, so any response counts.
    let web =
        |image: &str| service(&format!("{{image: '{image}', command: node server.js, ports: ['80:3000']}}"));
    has(&web("node:22"), r#"["CMD", "curl", "-sS", "-o", "/dev/null", "http://127.0.0.1:3000/"]"#);
    has(&web("node:22-alpine"), "|| wget -S -O /dev/null http://127.0.0.1:3000/ 2>&1 | grep -q HTTP/");
    has(&web("node:22-slim"), ".get('http://127.0.0.1:3000/', () => process.exit(0))");
    // A port that a variable sets is probed through the variable.
    has(
        &service(
            "{image: 'node:22', command: node server.js, ports: ['80:${PORT:-3000}'], environment: {PORT: '${PORT:-3000}'}}",
        ),
        "http://127.0.0.1:$$PORT/",
    );
    // `PORT` changes, the mapping does not: the container listens on 3000.
    has(
        &service(
            "{image: 'node:22', command: node server.js, ports: ['${PORT:-3000}:3000'], environment: {PORT: '${PORT:-3000}'}}",
        ),
        "http://127.0.0.1:3000/",
    );
    has(
        &service(
            "{image: 'node:22', command: node server.js, ports: ['80:3000'], environment: {PORT: 3000}}",
        ),
        "http://127.0.0.1:3000/",
    );
    // Of another value only a port is repeated: it may be a secret.
    for (port, reason) in [("8081", "`PORT` is 8081"), ("8081;Pw=hunter2", "`PORT` is no port")] {
        let port = format!("ports: ['80:3000'], environment: {{PORT: '{port}'}}");
        has(&service(&format!("{{image: 'node:22', command: node server.js, {port}}}")), reason);
    }
    has(
        &service("{image: 'grafana/grafana:12.1.0', environment: {GF_SERVER_HTTP_PORT: '${GRAFANA:-3001}'}}"),
        ":$$GF_SERVER_HTTP_PORT/api/health",
    );
    has(&redis("command: redis-server --port 6390"), r#""redis-cli", "-p6390", "ping""#);
    has(&redis("command: redis-benchmark, ports: ['80:80']"), "another program than the server of its image");
    for start in [
        "command: [docker-entrypoint.sh, --appendonly, 'yes']",
        "entrypoint: [docker-entrypoint.sh], command: [--appendonly, 'yes']",
        "command: [sh, -c, 'exec docker-entrypoint.sh --appendonly yes']",
        "entrypoint: [bash, -c, 'exec redis-server --appendonly yes']",
    ] {
        has(&redis(start), r#"["CMD", "redis-cli", "ping"]"#);
    }
    has(&redis("entrypoint: [sh, /run.sh]"), "what it starts is not known here");
    has(&service("{image: 'postgres:16', command: [-c, 'shared_buffers=${M}']}"), "pg_isready");
    let script = "services:\n  it: {image: 'redis:7', entrypoint: [/bin/sh, /run.sh], volumes: ['./run.sh:/run.sh']}\n";
    let run =
        |line: &str| help(&[("compose.yaml", script), ("run.sh", &format!("#!/bin/sh\n{line}\n"))]).unwrap();
    has(&run("exec redis-server"), r#""redis-cli", "ping""#);
    has(&run("exec redis-server --requirepass x"), "REDISCLI_AUTH");
    let conf = "services:\n  it: {image: 'redis:7', command: [redis-server, /r.conf], volumes: ['./r.conf:/r.conf']}\n";
    let with = |line: &str| help(&[("compose.yaml", conf), ("r.conf", &format!("{line}\n"))]).unwrap();
    has(&with("maxmemory 1gb"), r#""redis-cli", "ping""#);
    has(&with("requirepass x"), "REDISCLI_AUTH");
    has(&with("port 6379\nbind 0.0.0.0"), r#""redis-cli", "ping""#);
    has(&with("port 6385"), r#""-p6385", "ping""#);
}

#[test]
fn no_probe_asks_a_worker_on_the_port_of_its_neighbour() {
    let dockerfile =
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD [\"gunicorn\", \"shop.wsgi\"]\n";
    let check = "healthcheck: {test: [CMD, 'true']}";
    let with = |start: &str, script: &str| {
        let project = format!(
            "services:\n  web: {{build: ., ports: ['8000:8000'], {check}}}\n  it: {{build: ., {start}}}\n"
        );
        help(&[("compose.yaml", &project), ("Dockerfile", dockerfile), ("bin/run.sh", script)]).unwrap()
    };
    for line in
        ["celery -A shop worker", "exec celery -A shop beat", "exec rq worker", "php artisan queue:work"]
    {
        let script = format!("#!/bin/sh\nset -e\npython manage.py wait_for_db\n{line}\n");
        for start in
            ["command: ./bin/run.sh", "command: sh -c 'exec ./bin/run.sh'", "entrypoint: [sh, bin/run.sh]"]
        {
            has(&with(start, &script), "it works on a queue or a schedule");
        }
    }
    let entry = "#!/bin/sh\nexec \"$@\"\n";
    has(&with("entrypoint: ./bin/run.sh, command: bundle exec sidekiq", entry), "it works on a queue");
    has(&with("command: python consume.py", entry), "no port is declared for it");
    has(&with("command: ./bin/other.sh", entry), "no port is declared for it");
    has(&with("command: gunicorn admin.wsgi", entry), "127.0.0.1:8000");
    has(
        &with("command: ./bin/run.sh", "#!/bin/sh\npython manage.py migrate\nexec gunicorn shop.wsgi\n"),
        ":8000",
    );
}

#[test]
fn ports_that_no_probe_reaches_are_named() {
    let snmp = "FROM alpine:3.22\nEXPOSE 1162/UDP\nCMD [\"/usr/sbin/snmptrapd\", \"-f\"]\n";
    let built = "services:\n  it: {build: ., ports: ['162:1162/udp']}\n";
    has(
        &help(&[("compose.yaml", built), ("Dockerfile", snmp)]).unwrap(),
        "it listens on UDP 1162, and only TCP ports can be probed",
    );
    let long = "{image: 'alpine:3.22', command: /app, ports: [{target: 53, protocol: udp}]}";
    has(&service(long), "it listens on UDP 53,");
    has(
        &service("{image: 'alpine:3.22', command: /app, ports: ['53:53/udp', '53:53']}"),
        r#""127.0.0.1", "53""#,
    );
    has(&service("{image: 'alpine:3.22', command: /app}"), "no port is declared for it");
    has(&service("{image: 'alpine:3.22', command: /app, ports: ['443:443']}"), r#""127.0.0.1", "443""#);
}

#[test]
fn a_probe_asks_with_tools_that_stay() {
    let with = |run: &str| {
        image(&format!("FROM alpine:3.22\n{run}\nENV VIRTUAL_PORT=8080\nEXPOSE 8080\nCMD [\"/srv/app\"]\n"))
    };
    has(&with("RUN apk add --no-cache curl"), "\"curl\"");
    for run in [
        "RUN apk add --no-cache --virtual .deps curl make && make && apk del .deps",
        "RUN apk add -t .deps curl\nRUN apk del .deps",
        "RUN apk add --virtual=.deps curl",
        "RUN apk add curl && apk del curl",
    ] {
        let help = with(run);
        assert!(!help.contains("\"curl\""), "{run}:\n{help}");
    }
}

/// Many unrelated scripts in the build context do not hide the configuration.
#[test]
fn other_scripts_hide_no_configuration() {
    let dockerfile = "FROM nginx:1.30-alpine\nCOPY . /usr/share/nginx/html\nCOPY site.conf /etc/nginx/conf.d/default.conf\nEXPOSE 80 8090\n";
    let scripts: Vec<String> = (0..60).map(|i| format!("s{i}.sh")).collect();
    let mut files = vec![("Dockerfile", dockerfile), ("site.conf", "server { listen 8090; }")];
    files.extend(scripts.iter().map(|name| (name.as_str(), "#!/bin/sh\necho a\n")));
    has(&help(&files).unwrap(), "http://127.0.0.1:8090/");
}

#[test]
fn a_variable_of_a_dockerfile_stays_one() {
    let debian = "FROM debian:13\nENV PORT=8080\nEXPOSE $PORT\nCMD [\"bash\", \"/run.sh\"]\n";
    has(&image(debian), r#"["bash", "-c", "</dev/tcp/127.0.0.1/$PORT"]"#);
    has(&image(&debian.replace("$PORT", "${PORT}/tcp")), "/127.0.0.1/$PORT");
    has(&image(&debian.replace("$PORT", "8080")), "/127.0.0.1/$PORT");
    let built = |line: &str| image(&debian.replace("ENV PORT=8080", line));
    has(&built("ARG PORT=8080"), "/127.0.0.1/8080");
    has(&built("ENV PORT=8080 OTHER=8080"), "/127.0.0.1/$PORT");
    let alpine = "FROM node:22-alpine\nENV WEB_PORT=3000\nEXPOSE $WEB_PORT\nCMD [\"node\", \"a.js\"]\n";
    has(&image(alpine), "CMD wget -q -O /dev/null http://127.0.0.1:$WEB_PORT/");
    has(&image(&alpine.replace("-alpine", "-slim")), "process.env.WEB_PORT");
    let grafana = "FROM grafana/grafana:12.1.0\nENV GF_SERVER_HTTP_PORT=3001\nEXPOSE 3001\n";
    has(&image(grafana), "http://127.0.0.1:$GF_SERVER_HTTP_PORT/api/health");
    let service = |text: &str| {
        let compose = format!("services:\n  it: {{build: .{text}}}\n");
        help(&[("compose.yaml", &compose), ("Dockerfile", alpine)]).unwrap()
    };
    has(&service(""), "http://127.0.0.1:3000/");
    has(&service(", environment: {WEB_PORT: 3005}"), "http://127.0.0.1:3005/");
    has(&service(", environment: {WEB_PORT: '${P}'}"), "http://127.0.0.1:$$WEB_PORT/");
}

#[test]
fn copies_are_found_where_they_go() {
    let with = |lines: &str| {
        let dockerfile =
            format!("FROM nginx:1.30-alpine\n{lines}\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n");
        let conf = "server { listen 8080; }";
        help(&[("Dockerfile", &dockerfile), ("site.conf", conf), ("root/etc/nginx/conf.d/a.conf", conf)])
            .unwrap()
    };
    let read = "http://127.0.0.1:8080/";
    has(&with("ENV D=/etc/nginx\nCOPY site.conf ${D}/conf.d/"), read);
    has(&with("ARG D=/etc/nginx\nCOPY site.conf $D/conf.d/default.conf"), read);
    has(&with("WORKDIR /etc/nginx\nWORKDIR conf.d\nCOPY site.conf ."), read);
    has(&with("COPY *.conf /etc/nginx/conf.d/"), read);
    has(&with("COPY root/ /"), read);
    has(&with("COPY <<site.conf /etc/nginx/conf.d/\nserver { listen 8080; }\nsite.conf"), read);
    let unread = "a configuration file that oomlint does not read";
    has(&with("ARG D\nCOPY site.conf ${D}/conf.d/"), unread);
    has(&with("COPY --from=other /x/site.conf /etc/nginx/conf.d/"), unread);
    has(&with("RUN sed -i s/80/8080/ /etc/nginx/conf.d/default.conf"), unread);
    let own = "http://127.0.0.1/";
    has(&with("COPY site.conf /etc/nginx/snippets/"), own);
    has(&with("RUN echo 'gzip on;' >> /etc/nginx/nginx.conf"), own);
    let apache = "FROM httpd:2.4-alpine\nCOPY httpd.conf conf/\nCMD [\"httpd-foreground\"]\n";
    has(&help(&[("Dockerfile", apache), ("httpd.conf", "Listen 8082\n")]).unwrap(), "http://127.0.0.1:8082/");
}

#[test]
fn includes_decide_what_is_read() {
    let with = |conf: &str| {
        let mounts =
            "['./n.conf:/etc/nginx/nginx.conf', './certs:/etc/nginx/certs:ro', 'sites:/etc/nginx/sites']";
        let compose = format!("services:\n  it: {{image: 'nginx:1.30', volumes: {mounts}}}\n");
        help(&[("compose.yaml", &compose), ("n.conf", conf)]).unwrap()
    };
    has(&with("http { server { listen 8080; } }"), "http://127.0.0.1:8080/");
    has(&with("http { include mime.types; include conf.d/*.conf; }"), "http://127.0.0.1/");
    has(&with("http { include sites/*; server { listen 8080; } }"), "that oomlint does not read");
    has(&with("http { include /etc/nginx/sites/a.conf; }"), "that oomlint does not read");
}

#[test]
fn servers_are_told_their_ports_and_their_silence() {
    let zookeeper = |text: &str| service(&format!("{{image: 'zookeeper:3.9', environment: {{{text}}}}}"));
    has(&zookeeper("A: b"), "127.0.0.1 2181 ");
    has(&zookeeper("ZOO_SERVERS: 'server.1=it:2888:3888;2182'"), "127.0.0.1 2182 ");
    let two = "ZOO_SERVERS: 'server.1=a:2888:3888;2181 server.2=it:2888:3888;0.0.0.0:2183'";
    has(&zookeeper(&format!("ZOO_MY_ID: 2, {two}")), "127.0.0.1 2183 ");
    has(&zookeeper("ZOO_SERVERS: 'server.1=it:2888:3888'"), "no probe to suggest");
    has(&zookeeper("ZOO_CFG_EXTRA: 'clientPort=2185 tickTime=1'"), "127.0.0.1 2185 ");
    has(&zookeeper("ZOO_CFG_EXTRA: '${EXTRA}'"), "no probe to suggest");
    let caddy = |text: &str| {
        let compose = "services:\n  it: {image: 'caddy:2', volumes: ['./Caddyfile:/etc/caddy/Caddyfile']}\n";
        help(&[("compose.yaml", compose), ("Caddyfile", text)]).unwrap()
    };
    has(&caddy(":80 {\n}\n"), ":2019/config/");
    has(&caddy("{\n\tadmin :2020\n}\n"), ":2020/config/");
    for admin in ["admin off", "admin unix//run/caddy.sock", "admin {$ADMIN}"] {
        has(&caddy(&format!("{{\n\t{admin}\n}}\n")), "no probe to suggest");
    }
    has(&service("{image: 'caddy:2', volumes: ['./no:/etc/caddy/Caddyfile']}"), "that oomlint does not read");
    has(&service("{image: 'caddy:2', command: caddy file-server --root /srv}"), "no probe to suggest");
    has(&service("{image: 'redis:8', command: redis-server --sentinel}"), "no probe to suggest");
    has(&service("{image: 'postgres:17', command: postgres -k /run/pg}"), "no probe to suggest");
    let grafana = |text: &str| service(&format!("{{image: 'grafana/grafana:12.1.0', {text}}}"));
    has(&grafana("environment: {GF_SERVER_HTTP_PORT: 3001}"), ":3001/api/health");
    has(&grafana("volumes: ['./no.ini:/etc/grafana/grafana.ini']"), "that oomlint does not read");
    has(&grafana("volumes: ['data:/var/lib/grafana']"), ":3000/api/health");
    has(
        &service("{image: 'prom/prometheus:v3.0.0', command: ['--web.listen-address=:9091']}"),
        ":9091/-/healthy",
    );
    has(&service("{image: 'postgres:17', command: [-c, port=5433]}"), "pg_isready -p 5433 -U postgres");
    let kafka = |text: &str| service(&format!("{{image: 'apache/kafka:4.1.0', environment: {{{text}}}}}"));
    has(&kafka("KAFKA_LISTENERS: 'CONTROLLER://:9093,PLAINTEXT://:9094'"), "/$$HOSTNAME/9094");
    has(&kafka("KAFKA_LISTENERS: 'PLAINTEXT://localhost:9092'"), "/127.0.0.1/9092");
    has(&kafka("KAFKA_PROCESS_ROLES: controller"), "no client port");
    has(&service("{image: 'sonarqube:2026.1-datacenter-search'}"), "address of its cluster alone");
    has(
        &service(
            "{image: 'mysql:8', volumes: ['data:/var/lib/mysql', './init:/docker-entrypoint-initdb.d']}",
        ),
        "mysqladmin",
    );
}

#[test]
fn what_is_switched_off_is_switched_on_in_the_form_of_the_file() {
    has(&service("{image: 'traefik:v3.5', command: ['--api']}"), "add `--ping` to `command`, then `test: [");
    has(&image("FROM traefik:v3.5\nCMD [\"--api\"]\n"), "add `--ping` to CMD, then `HEALTHCHECK CMD [");
    has(&service("{image: 'keycloak/keycloak:26.0', command: start}"), "`KC_HEALTH_ENABLED: \"true\"`");
    has(&image("FROM keycloak/keycloak:26.0\nCMD [\"start\"]\n"), "add `ENV KC_HEALTH_ENABLED=true`, then");
}

#[test]
fn a_virtual_machine_gets_time() {
    let java =
        "FROM eclipse-temurin:21-jre\nCOPY a.jar /\nEXPOSE 8080\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n";
    has(&image(java), "--start-period=60s");
    let installed = "FROM debian:13\nRUN apt-get install -y curl default-jre\nEXPOSE 8080\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n";
    has(&image(installed), "--start-period=60s");
}

#[test]
fn a_dockerfile_that_only_names_an_image_is_let_be() {
    assert_eq!(image("FROM redis:8\n"), "");
    assert_eq!(image("ARG V=8\nFROM redis:$V\nLABEL a=b\nRUN true\n"), "");
    has(&image("FROM redis:8\nCMD [\"redis-server\"]\n"), "redis-cli");
}
