//! Masking of passwords, tokens and keys in output for bug reports and logs.

use std::borrow::Cow;

/// Replacement of a secret.
const MASK: &str = "***";

/// Parts of a name that mark a secret anywhere in it, as in `DBPASSWORD`.
const ANYWHERE: [&str; 13] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "PRIVATE",
    "APIKEY",
    "ACCESSKEY",
    "REQUIREPASS",
    "MASTERAUTH",
    "LICENSE",
    "LICENCE",
];
/// Parts of a name that mark a secret only as whole words: not in `MONKEY`, `AUTHOR` and `COMPASS`.
const WORDS: [&str; 10] = ["PASS", "PWD", "PW", "KEY", "KEYS", "AUTH", "PAT", "JWT", "SALT", "COOKIE"];
/// Last words of a name whose value describes a secret, such as its file or size, and is none itself.
const ABOUT: [&str; 14] = [
    "FILE", "PATH", "DIR", "NAME", "TYPE", "METHOD", "ENABLED", "DISABLED", "SIZE", "LIMIT", "TTL", "HOST",
    "PORT", "EXPIRY",
];

/// True if the name of a variable or option suggests that its value is a secret.
#[must_use]
pub(crate) fn is_secret(name: &str) -> bool {
    // `accessKeyId`, `access-key-id` and `ACCESS_KEY_ID` are split into the same words.
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if c.is_alphanumeric() {
            if c.is_uppercase() && before.is_lowercase() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_uppercase());
            }
        } else {
            words.push(String::new());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    let whole = words.concat();
    let is_about = words.last().is_some_and(|last| ABOUT.contains(&last.as_str()));
    let speaks = ANYWHERE.iter().any(|part| whole.contains(part))
        || words.iter().any(|word| WORDS.contains(&word.as_str()));
    speaks && !is_about
}

/// Masks secrets in the value of a variable: all of it if `name` suggests a secret, except for references and booleans, else as
/// [`command`] does.
#[must_use]
pub(crate) fn value<'t>(name: &str, text: &'t str) -> Cow<'t, str> {
    let harmless = text.is_empty() || is_reference(text) || matches!(text, "true" | "false" | "yes" | "no");
    if is_secret(name) && !harmless { Cow::Borrowed(MASK) } else { command(text) }
}

/// Masks secrets in a command line or another text.
#[must_use]
pub(crate) fn command(text: &str) -> Cow<'_, str> {
    words(&[text]).pop().map_or(Cow::Borrowed(text), |masked| {
        if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
    })
}

/// Replaces the secrets of a line by as many asterisks as they have characters, so that places in it stay the same.
#[must_use]
pub(crate) fn starred(line: &str) -> Cow<'_, str> {
    let masked = command(line);
    if masked == line {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut others = masked.split_inclusive(char::is_whitespace);
    let mut differs = false;
    for word in line.split_inclusive(char::is_whitespace) {
        let other = others.next().unwrap_or_default();
        if word == other && !differs {
            out.push_str(word);
            continue;
        }
        // A secret with blanks is one mask: from there on the words no longer match, and are all replaced.
        differs = differs || word.ends_with(char::is_whitespace) != other.ends_with(char::is_whitespace);
        let same = word.char_indices().zip(other.chars()).take_while(|((_, a), b)| a == b);
        let same = if differs { 0 } else { same.last().map_or(0, |((at, c), _)| at + c.len_utf8()) };
        let (kept, hidden) = word.split_at(same);
        // What follows the mask is as it was.
        let behind = hidden.chars().rev().zip(other.chars().rev());
        let behind = behind.take_while(|(a, b)| a == b && !differs && *b != '*');
        let (hidden, rest) = hidden.split_at(hidden.len() - behind.map(|(c, _)| c.len_utf8()).sum::<usize>());
        out.push_str(kept);
        let star = |c: char| if c.is_whitespace() { c.to_string() } else { "*".repeat(c.len_utf8()) };
        out.extend(hidden.chars().map(star));
        out.push_str(rest);
    }
    Cow::Owned(out)
}

/// Masks secrets in a command line that is split into words, any of which may be a whole script.
#[must_use]
pub fn words(words: &[&str]) -> Vec<String> {
    let mut line = Line::default();
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        // Here the value of an option is one word, even with blanks in it.
        if words.len() > 1 && line.is_secret && !word.starts_with('-') && !is_reference(word) {
            line.is_secret = false;
            out.push(MASK.to_owned());
        } else {
            out.push(line.masked(word));
        }
    }
    out
}

/// The expectation about the next word of a command line, by the words before it.
#[derive(Default)]
struct Line<'t> {
    program: &'t str,
    /// True if the next word is the value of an option that takes a secret.
    is_secret: bool,
    /// True if the next word is the value of `-u` or `--user`, which may have a password behind a colon.
    is_user: bool,
}

impl<'t> Line<'t> {
    fn masked(&mut self, text: &'t str) -> String {
        let mut out = String::with_capacity(text.len());
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ';' | '|' | '&' | '(' | ')' | ',');
        let mut rest = text;
        while !rest.is_empty() {
            let blank = rest.find(|c| !ends(c)).unwrap_or(rest.len());
            let (between, word) = rest.split_at(blank);
            if between.contains([';', '|', '&', '(', '`']) {
                *self = Self::default();
            }
            out.push_str(between);
            let quote = between.chars().next_back().filter(|c| matches!(c, '"' | '\''));
            if let Some(quote) = quote.filter(|_| self.is_secret && !word.starts_with('$')) {
                self.is_secret = false;
                out.push_str(MASK);
                rest = word.split_at(word.find(quote).unwrap_or(word.len())).1;
                continue;
            }
            let end = word.find(ends).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            if !word.is_empty() {
                out.push_str(&self.word(word));
            }
            rest = after;
        }
        out
    }

    fn word(&mut self, word: &'t str) -> String {
        if std::mem::take(&mut self.is_secret) && !word.starts_with('-') {
            return if is_reference(word) { word.to_owned() } else { MASK.to_owned() };
        }
        if let Some(masked) = self.assignment(word).or_else(|| in_url(word)) {
            return masked;
        }
        if let Some(option) = word.strip_prefix('-') {
            let glued =
                option.strip_prefix('p').filter(|value| !value.is_empty() && !option.starts_with("password"));
            if let Some(value) = glued
                && ["mysql", "mariadb"].iter().any(|name| self.program.starts_with(name))
            {
                return if is_reference(value) { word.to_owned() } else { format!("-p{MASK}") };
            }
            let of_redis = self.program.starts_with("redis-cli") && option == "a";
            self.is_secret = of_redis || is_secret(option) && option != "p";
            // curl takes `-u` at the end of other letters, too.
            let letters = self.program == "curl" && !option.starts_with('-') && option.ends_with('u');
            self.is_user = matches!(option, "u" | "-user") || letters;
            return word.to_owned();
        }
        if std::mem::take(&mut self.is_user)
            && let Some((user, password)) = word.split_once(':')
            && !password.is_empty()
            && !password.starts_with('$')
            // Others have `-u` for the number or the name of a user and a group.
            && (self.program == "curl" || !password.bytes().all(|b| b.is_ascii_digit()) && user != password)
        {
            return format!("{user}:{MASK}");
        }
        if matches!(word, "Bearer" | "Basic" | "authtoken") {
            self.is_secret = true;
        } else if let Some((user, after)) = word.split_once(':')
            && self.program == "curl"
            && !is_port(after)
            && !after.starts_with('$')
            && !word.contains("//")
            && !user.is_empty()
            && !user.contains(['/', '{', '.'])
            && !word.ends_with(':')
        {
            return format!("{user}:{MASK}");
        }
        let name = word.rsplit('/').next().unwrap_or(word);
        // The program is the first word, or the one after a shell, `exec` or `env`. Known ones count at any position.
        let begins = matches!(self.program, "" | "sh" | "bash" | "exec" | "CMD" | "CMD-SHELL" | "env");
        if begins || ["mysql", "mariadb", "redis-cli", "curl"].iter().any(|known| name.starts_with(known)) {
            self.program = name;
        }
        word.to_owned()
    }
}

impl Line<'_> {
    /// Masks `PASSWORD=x`, `--password=x` and `--env=PASSWORD=x`. `None` if no name in it suggests a secret.
    fn assignment(&mut self, word: &str) -> Option<String> {
        let mut at = 0;
        for (sign, _) in word.match_indices('=') {
            let name = word.get(at..sign)?;
            at = sign + 1;
            let name = name.rsplit(['/', '?']).next().unwrap_or(name);
            // A system property of Java.
            if is_secret(name.strip_prefix("-D").unwrap_or(name)) {
                let (before, value) = word.split_at_checked(at)?;
                self.is_secret = value.is_empty();
                let keeps = value.is_empty() || is_reference(value);
                return Some(if keeps { word.to_owned() } else { format!("{before}{MASK}") });
            }
        }
        None
    }
}

/// True for a value that refers to a secret (`$PASSWORD`, `${PASSWORD}`, `$(cat file)`, `/run/secrets/password`) or is masked.
fn is_reference(value: &str) -> bool {
    value.starts_with('$') || value.starts_with("/run/secrets/") || value == MASK
}

/// Masks the password in `scheme://user:password@host`. `None` if there is none.
fn in_url(word: &str) -> Option<String> {
    let (scheme, rest) = word.split_once("://")?;
    // A password may contain an unescaped `@`.
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (who, host) = authority.rsplit_once('@')?;
    let (user, password) = who.split_once(':')?;
    (!password.is_empty() && !is_reference(password))
        .then(|| format!("{scheme}://{user}:{MASK}@{host}{path}"))
}

/// True for what follows the host in `host:port/path`.
fn is_port(after: &str) -> bool {
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let rest = after.as_bytes().get(digits);
    (1..=5).contains(&digits) && rest.is_none_or(|next| matches!(next, b'/' | b'?' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places in a masked line are those of the line.
    #[test]
    fn secrets_are_starred_in_place() {
        for (line, starred_line) in [
            ("docker run -e DB_PASSWORD=hunter2 -m 512m x", "docker run -e DB_PASSWORD=******* -m 512m x"),
            (
                "docker run -e JAVA_OPTS='-Xmx1g -Dpw=hunter2' x",
                "docker run -e JAVA_OPTS='-Xmx1g -Dpw=*******' x",
            ),
            ("docker run mysql --password=é1 -m 1g", "docker run mysql --password=*** -m 1g"),
            ("docker run x --requirepass \"a b c\" --y", "docker run x --requirepass \"* * ** ***"),
            ("docker run -m 512m redis:7", "docker run -m 512m redis:7"),
        ] {
            let masked = starred(line);
            assert_eq!(masked, starred_line);
            assert_eq!(masked.len(), line.len());
        }
    }

    #[test]
    fn options_of_tools_that_take_secrets() {
        assert_eq!(command("java -Dpw=hunter2 -Dx=1"), "java -Dpw=*** -Dx=1");
        assert_eq!(command("rclone -u admin:hunter2 x"), "rclone -u admin:*** x");
        assert_eq!(command("app -u 1000:1000 -u app:app"), "app -u 1000:1000 -u app:app");
        assert_eq!(command("ngrok authtoken hunter2"), "ngrok authtoken ***");
        assert_eq!(command("app --license hunter2"), "app --license ***");
    }

    #[test]
    fn names_of_secrets() {
        for name in [
            "POSTGRES_PASSWORD",
            "MYSQL_PWD",
            "DBPASSWORD",
            "db-pass",
            "AWS_SECRET_ACCESS_KEY",
            "accessKeyId",
            "GITHUB_TOKEN",
            "SSL_PRIVATE",
            "GOOGLE_CREDENTIALS",
            "NEO4J_AUTH",
            "SECRET_KEY_BASE",
            "APP_KEY",
            "requirepass",
            "javax.net.ssl.keyStorePassword",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "JAVA_OPTS",
            "KEYCLOAK_JAVA_OPTS",
            "KEYDB_MAXMEMORY",
            "MONKEY",
            "AUTHOR",
            "COMPASS",
            "POSTGRES_PASSWORD_FILE",
            "KEY_BUFFER_SIZE",
            "TOKEN_CACHE_SIZE",
            "AUTH_TYPE",
            "PATH",
            "NODE_OPTIONS",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn values_are_masked_where_they_are_secret() {
        for (name, text, shown) in [
            ("POSTGRES_PASSWORD", "s3cret", "***"),
            ("POSTGRES_PASSWORD", "123456", "***"),
            ("POSTGRES_PASSWORD", "", ""),
            ("AUTH", "true", "true"),
            ("DB_PASSWORD", "/run/secrets/db", "/run/secrets/db"),
            ("BROKER", "amqp://guest:gu@est@mq:5672/%2f", "amqp://guest:***@mq:5672/%2f"),
            ("CACHE", "redis://:pw@cache/0", "redis://:***@cache/0"),
            ("URL", "http://web:8080/a@b", "http://web:8080/a@b"),
            ("JAVA_OPTS", "-Xmx512m -Dssl.keyStorePassword=pw", "-Xmx512m -Dssl.keyStorePassword=***"),
            ("JAVA_OPTS", "-Xmx512m -XX:MaxRAMPercentage=70", "-Xmx512m -XX:MaxRAMPercentage=70"),
        ] {
            assert_eq!(value(name, text), shown, "{name}={text}");
        }
    }

    #[test]
    fn command_lines_are_masked() {
        for (text, shown) in [
            (
                "redis-server --requirepass pw --maxmemory 512mb",
                "redis-server --requirepass *** --maxmemory 512mb",
            ),
            ("redis-cli -a pw ping", "redis-cli -a *** ping"),
            ("mysqladmin ping -uroot -ps3cret", "mysqladmin ping -uroot -p***"),
            ("mysqladmin ping -p$MYSQL_ROOT_PASSWORD", "mysqladmin ping -p$MYSQL_ROOT_PASSWORD"),
            ("mysql --password='a b' -e x", "mysql --password='***' -e x"),
            ("PGPASSWORD=pw psql -p 5432", "PGPASSWORD=*** psql -p 5432"),
            (
                "curl -fsS -u elastic:pw http://localhost:9200",
                "curl -fsS -u elastic:*** http://localhost:9200",
            ),
            ("curl -fsSu elastic:1234 opensearch:9200", "curl -fsSu elastic:*** opensearch:9200"),
            ("curl -u elastic:1234 opensearch:9200/_cat", "curl -u elastic:*** opensearch:9200/_cat"),
            ("curl -u elastic:$PW opensearch:9200/_cat", "curl -u elastic:$PW opensearch:9200/_cat"),
            ("curl -s opensearch:9200/_cat/health?v", "curl -s opensearch:9200/_cat/health?v"),
            ("curl admin:1234@opensearch:9200/_cat", "curl admin:***"),
            ("curl -H \"Authorization: Bearer abc\" x", "curl -H \"Authorization: Bearer ***\" x"),
            (
                "server --api-key=k --port=1 --token t -Xmx1g",
                "server --api-key=*** --port=1 --token *** -Xmx1g",
            ),
            (
                "java -Xmx1g -jar x.jar --spring.datasource.password=pw",
                "java -Xmx1g -jar x.jar --spring.datasource.password=***",
            ),
            ("mysqld --key-buffer-size=64M", "mysqld --key-buffer-size=64M"),
        ] {
            assert_eq!(command(text), shown, "{text}");
        }
        assert_eq!(words(&["redis-cli", "-a", "p w", "ping"]), ["redis-cli", "-a", "***", "ping"]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_masked_is_gone(pw in "[a-z0-9]{6,12}Z", host in "[a-c]{3}") {
            let texts = [
                format!("http://u:{pw}@{host}/x"),
                format!("x --db-password={pw}"),
                format!("x --db-password {pw} y"),
                format!("sh -c 'A_TOKEN={pw} x'"),
            ];
            for text in texts {
                proptest::prop_assert!(!command(&text).contains(&pw), "{text}");
            }
        }

        #[test]
        fn any_text_can_be_masked(text in "\\PC{0,40}") {
            let once = command(&text).into_owned();
            let _ = command(&once);
            let _ = value(&text, &text);
        }
    }
}
