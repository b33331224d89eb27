use super::super::Notation;
use super::super::tests::{all, shown};

fn found(text: &str) -> Vec<String> {
    all(text, Notation::Markdown).iter().map(shown).collect()
}

#[test]
fn fences_open_and_close_blocks() {
    for (text, expected) in [
        ("```\ndocker run a\n```\ndocker run b\n", &["<a>"][..]),
        ("~~~\ndocker run a\n~~~\ndocker run b\n", &["<a>"]),
        ("```sh\ndocker run a\n", &["<a>"]),
        ("```sh", &[]),
        // A fence is closed by one of its own kind that is as long.
        ("````\n```\ndocker run a\n```\n````\ndocker run b\n", &["<a>"]),
        ("```\n~~~\ndocker run a\n~~~\n```\n", &["<a>"]),
        ("```\ndocker run a\n`````\ndocker run b\n", &["<a>"]),
        ("```\ndocker run a\n``` x\ndocker run b\n```\n", &["<a>", "<b>"]),
        ("```\ndocker run a\n``\ndocker run b\n```\n", &["<a>", "<b>"]),
        ("``\ndocker run a\n``\n", &[]),
        // In lists and quotations.
        ("- ```\n  docker run a\n  ```\n", &["<a>"]),
        ("* ~~~\n  docker run a\n  ~~~\n", &["<a>"]),
        ("> ```\n> docker run a\n> ```\n> docker run b\n", &["<a>"]),
        ("  > - ```sh\n  >   docker run a\n  >   ```\n", &["<a>"]),
        ("```\r\ndocker run a\r\n```\r\ndocker run b\r\n", &["<a>"]),
        // A code span is no fence.
        ("``` docker run a ``` and b\n", &["<a>"]),
        ("~~~ a ` b\ndocker run a\n~~~\n", &["<a>"]),
        // Two blocks.
        ("```\ndocker run a\n```\nx\n```\ndocker run b\n```\n", &["<a>", "<b>"]),
    ] {
        assert_eq!(found(text), expected, "{text:?}");
    }
    for language in ["sh", "bash", "console", "shell", "text", "yaml", "powershell", "DockerX"] {
        assert_eq!(found(&format!("```{language}\ndocker run a\n```\n")), ["<a>"], "{language}");
    }
    for language in [
        "python",
        "Python",
        " python",
        "python {x}",
        "python,x",
        "python:x.py",
        "python{.x}",
        "dockerfile",
        "go",
        "JSON",
        "diff",
    ] {
        assert!(found(&format!("```{language}\ndocker run a\n```\n")).is_empty(), "{language}");
    }
}

#[test]
fn lines_of_code_are_commands() {
    for (text, expected) in [
        ("    docker run a\n", &["<a>"][..]),
        ("\tdocker run a\n", &["<a>"]),
        ("    $ docker run a\n", &["<a>"]),
        ("    # docker run a\n", &["<a>"]),
        ("    sudo docker run a\n", &["<a>"]),
        ("    $ sudo podman run a\n", &["<a>"]),
        ("    nerdctl run a\n", &["<a>"]),
        ("$ docker run a\n", &["<a>"]),
        ("  $ docker run a\n", &["<a>"]),
        ("   docker run a\n", &[]),
        ("docker run a\n", &[]),
        ("    and docker run a\n", &[]),
        ("    docker run \\\n      -d a\n    docker run b\n", &["detach <a>", "<b>"]),
        ("    docker run \\\n      -d \\\n      a b\ndocker run c\n", &["detach <a> b"]),
        ("$ docker run a \\\n", &["<a>"]),
        ("$ docker run a \\", &["<a>"]),
        ("$ docker run \\\r\n -d a\r\n$ docker run b\r\n", &["detach <a>", "<b>"]),
        ("    docker run a \\\n\n    docker run b\n", &["<a>", "<b>"]),
    ] {
        assert_eq!(found(text), expected, "{text:?}");
    }
}

#[test]
fn spans_of_code_are_commands_as_a_whole() {
    for (text, expected) in [
        ("Type `docker run a`.\n", &["<a>"][..]),
        ("Type `docker run a` or `podman run b`.\n", &["<a>", "<b>"]),
        ("Type ``docker run -e A=`b` c``, then `docker run d`\n", &["env=A=`b` <c>", "<d>"]),
        ("Type `$ docker run a`\n", &["<a>"]),
        ("Type ` docker run a `\n", &["<a>"]),
        ("Type `x` then `docker run a`\n", &["<a>"]),
        ("Type `docker run a\n", &[]),
        ("`docker run` starts `docker run a`\n", &["<a>"]),
        ("`docker run -d` starts it, docker run a\n", &[]),
        ("Not `a docker run b`\n", &[]),
        ("See `docker run $OPTS x`\n", &["- ?"]),
    ] {
        assert_eq!(found(text), expected, "{text:?}");
    }
    // Each span with its own bytes.
    let text = "é `docker run a b`, `docker run c`";
    let spans: Vec<&str> =
        all(text, Notation::Markdown).iter().map(|command| &text[command.span.range()]).collect();
    assert_eq!(spans, ["docker run a b", "docker run c"]);
}
