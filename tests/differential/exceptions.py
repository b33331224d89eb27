"""Differences that are meant, each with its reason."""
from compare import ABSENT, Unknown


def variable_of_the_place(difference):
    """A variable that no file sets: only the place of deployment has its value, and Compose takes an empty text."""
    why = difference.oomlint.why if isinstance(difference.oomlint, Unknown) else ""
    if difference.fact == "args":
        # The name of an argument without a value.
        return "`${A}` has no value here" in why
    return "has no value here" in why and any(f"{{{name}}}" in why for name in difference.unset)


def project_name(difference):
    """`COMPOSE_PROJECT_NAME` without `name`: it is that of the directory, which may be another one where the project runs."""
    return isinstance(difference.oomlint, Unknown) and "COMPOSE_PROJECT_NAME" in difference.oomlint.why


def dropped_size(difference):
    """A size that Compose drops: a rule says so, and the fact stays unknown."""
    return isinstance(difference.oomlint, Unknown) and "cannot be parsed" in difference.oomlint.why and difference.compose is ABSENT


def name_without_line_end(difference):
    """A name alone on the last line of an env_file, without a line end: Compose takes it for the value of a variable without a name."""
    return difference.fact == "env" and difference.name == ""


def printed_as_nothing(difference):
    """A ulimit of 0 and logging without driver and options: Compose leaves them out of what it prints."""
    if difference.fact == "ulimits" and isinstance(difference.oomlint, dict):
        return all(not any(limit.values()) for name, limit in difference.oomlint.items() if limit != difference.compose.get(name))
    ours = difference.oomlint
    return difference.fact == "logging" and difference.compose is ABSENT and isinstance(ours, dict) and not any(ours.values())


def cast_of_a_variable(difference):
    """A variable that no file sets, where Compose wants a number, a boolean, a size or a duration: the place of deployment has its value."""
    refused = ('parsing "": invalid syntax', "invalid boolean:", "invalid size: ''", 'invalid duration ""')
    return bool(difference.unset) and difference.kind.startswith("only Compose refuses") and difference.compose.rstrip().endswith(refused)


def required_variable(difference):
    """A variable that has to be set (`${X:?…}`), and no file sets it: the place of deployment does."""
    return difference.kind.startswith("only Compose refuses") and "required variable" in difference.compose


def name_without_value(difference):
    """A name without a value in an env_file, and what refers to it: Compose leaves it out where its own environment has none."""
    ours = difference.oomlint
    return difference.fact == "env" and isinstance(ours, Unknown) and f"${{{difference.name}}}" in ours.why


def extension_in_environment(difference):
    """Docker Compose takes a name in `environment` that begins with `x-` for an extension, and prints it as one."""
    return difference.fact == "env" and (difference.name == "#extensions" or difference.name.startswith("x-"))


def healthcheck_of_the_image(difference):
    """Nothing is written in the files, and the image is not known: its own healthcheck may be there."""
    ours = difference.oomlint
    return difference.fact == "healthcheck" and isinstance(ours, Unknown) and (difference.compose is ABSENT or "test" not in difference.compose)


def start_of_the_image(difference):
    """The entrypoint or command of an image that is not known."""
    ours = difference.oomlint
    return difference.fact == "start" and isinstance(ours, Unknown) and "nothing is known of" in ours.why


def missing_file(difference):
    """A file that is named and not here: it may be there at the place of deployment; oomlint says so in a note."""
    return difference.kind.startswith("only Compose refuses") and bool(difference.oomlint) and any(
        words in difference.compose for words in ("no such file", "not found", "no service", "does not exist"))


def added_by_an_unlisted_file(difference):
    """A service without an image, and an override file next to it that `COMPOSE_FILE` leaves out: it may be merged with `-f`."""
    return difference.unlisted_files and difference.kind.startswith("only Compose refuses") and "neither an image nor a build context" in difference.compose


def panic_of_compose(difference):
    """Docker Compose itself fails."""
    return difference.kind.startswith("only Compose refuses") and "panic: " in difference.compose


EXCEPTIONS = [name_without_line_end, printed_as_nothing, project_name, dropped_size, variable_of_the_place, cast_of_a_variable, required_variable, name_without_value, extension_in_environment, healthcheck_of_the_image, start_of_the_image, missing_file, added_by_an_unlisted_file, panic_of_compose]


def exception(difference):
    """The exception for a difference; `None` if it counts."""
    return next((rule for rule in EXCEPTIONS if rule(difference)), None)
