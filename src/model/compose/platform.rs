//! Platforms that complete Compose files before Docker Compose reads them, and the files that are their templates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;

use super::refusal::Refusal;
use crate::model::directories_above;
use crate::source::{Sources, path_text};

/// Platforms that read Compose files before Compose does and add to them: Coolify, Umbrel and the like.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// Globs for the names of variables that it fills in.
    pub variables: Arc<GlobSet>,
    /// The files that are its templates: it takes keys of its own in them, and adds to their services.
    pub templates: Vec<Template>,
}

/// A Compose file that is a template of a platform.
#[derive(Clone, Debug)]
pub struct Template {
    /// The Compose file.
    pub file: PathBuf,
    /// True if the configuration names it: then its platform may add anything.
    pub is_named: bool,
    /// Another sign of it.
    pub recognized: Option<Recognized>,
}

/// The sign that a file is the template of a platform.
#[derive(Clone, Debug)]
pub struct Recognized {
    platform: &'static Known,
    /// The names of the variables that the platform sets. `None` if it may set any.
    variables: Option<Vec<String>>,
}

/// A platform, and what it adds to a template.
#[derive(Debug)]
struct Known {
    name: &'static str,
    mark: Mark,
    /// The file next to the template lists the variables that the platform sets; otherwise it may set any.
    lists_variables: bool,
    /// Keys of its own, at any depth.
    keys: &'static [&'static str],
    /// Sections with a name that it defines, `*` for each that a service uses.
    defines: &'static [(&'static str, &'static str)],
}

/// The sign of a template.
#[derive(Debug)]
enum Mark {
    /// A file next to it, with one of these words. Without words the file is enough.
    NextTo(&'static str, &'static [&'static str]),
    /// A key at the top level.
    Key(&'static str),
    /// The comments and variables of a template of Coolify.
    Coolify,
    /// A list of templates above it that names it.
    Listed,
}

/// The platforms, with the sources of what they add. Those that take variables from a form or from other apps may set any.
const KNOWN: [Known; 10] = [
    // Dokploy/dokploy@772b768, packages/server/src/templates/processors.ts:256: `config.env` is an array or a table. The network is added
    // in packages/server/src/utils/docker/domain.ts:392.
    Known {
        name: "Dokploy",
        mark: Mark::NextTo("template.toml", &["[config", "[variables]"]),
        lists_variables: true,
        keys: &[],
        defines: &[("networks", "dokploy-network")],
    },
    // getumbrel/umbrel@2a47942, packages/umbreld/source/modules/apps/legacy-compat/app-script:180 exports the variables of all
    // apps, and lines 322 to 350 merge a file with the image of `app_proxy`.
    Known {
        name: "Umbrel",
        mark: Mark::NextTo("umbrel-app.yml", &[]),
        lists_variables: false,
        keys: &[],
        defines: &[("services", "app_proxy")],
    },
    // runtipi/runtipi@a612680, packages/backend/src/modules/docker/builders/compose.builder.ts:148 defines the network.
    Known {
        name: "Runtipi",
        mark: Mark::NextTo(
            "config.json",
            &["\"tipi_version\"", "\"min_tipi_version\"", "app-info-schema.json"],
        ),
        lists_variables: false,
        keys: &[],
        defines: &[("networks", "tipi_main_network")],
    },
    // coollabsio/coolify@379abb2, bootstrap/helpers/parsers.php:1428 removes the keys before it starts the services, and
    // line 885 defines their volumes.
    Known {
        name: "Coolify",
        mark: Mark::Coolify,
        lists_variables: false,
        keys: &["content", "is_directory", "isDirectory", "exclude_from_hc"],
        defines: &[("volumes", "*")],
    },
    // IceWhaleTech/CasaOS-AppManagement@debfa31, service/compose_service.go:200, and the variables that a user sets.
    Known { name: "CasaOS", mark: Mark::Key("x-casaos"), lists_variables: false, keys: &[], defines: &[] },
    // Elestio asks for variables that `elestio.yml` lists, and others.
    Known {
        name: "Elestio",
        mark: Mark::NextTo("elestio.yml", &[]),
        lists_variables: false,
        keys: &[],
        defines: &[],
    },
    // DAppNode asks for variables in its setup wizard.
    Known {
        name: "DAppNode",
        mark: Mark::NextTo("dappnode_package.json", &[]),
        lists_variables: false,
        keys: &[],
        defines: &[],
    },
    // CapRover's one-click apps.
    Known {
        name: "CapRover",
        mark: Mark::Key("captainVersion"),
        lists_variables: false,
        keys: &["captainVersion", "caproverOneClickApp", "caproverExtra"],
        defines: &[],
    },
    // Cosmos: `cosmos-compose.json`, which it fills in.
    Known {
        name: "Cosmos",
        mark: Mark::Key("cosmos-installer"),
        lists_variables: false,
        keys: &["cosmos-installer", "minVersion", "routes"],
        defines: &[],
    },
    // Portainer's lists of templates name stacks in `repository.stackfile`, and ask for their variables in `env`.
    Known { name: "Portainer", mark: Mark::Listed, lists_variables: false, keys: &[], defines: &[] },
];

/// Names of lists of templates for Portainer.
const LISTS: [&str; 2] = ["templates.json", "templates-2.0.json"];

/// Upper bound on the bytes that are read of a file next to a template, or of a list of templates.
const MAX_READ: u64 = 1024 * 1024;

impl Platform {
    /// Returns the platform of a run's files: the globs of the configuration, and which files it names or the files around them tell
    /// to be templates.
    #[must_use]
    pub fn of(
        variables: Arc<GlobSet>,
        files: &[PathBuf],
        is_named: &dyn Fn(&Path) -> bool,
        sources: &Sources,
    ) -> Self {
        let templates = files.iter().map(|file| Template {
            file: file.clone(),
            is_named: is_named(file),
            recognized: Recognized::of(file, sources),
        });
        let templates = templates.filter(|template| template.is_named || template.recognized.is_some());
        Self { variables, templates: templates.collect() }
    }

    fn templates_of(&self, files: &[PathBuf]) -> impl Iterator<Item = &Template> {
        self.templates.iter().filter(|template| files.contains(&template.file))
    }

    /// True if the configuration names one of the files as a template: nobody knows what its platform adds.
    #[must_use]
    pub fn may_add_anything(&self, files: &[PathBuf]) -> bool {
        self.templates_of(files).any(|template| template.is_named)
    }

    /// Returns the names of the variables that recognized platforms set for the files. `None` if one may set any.
    pub(super) fn variables_of(&self, files: &[PathBuf]) -> Option<Vec<&str>> {
        let recognized = self.templates_of(files).filter_map(|template| template.recognized.as_ref());
        let mut all = Vec::new();
        for found in recognized {
            all.extend(found.variables.as_ref()?.iter().map(String::as_str));
        }
        Some(all)
    }

    /// True if the platform of the files takes out or adds what Docker Compose rejects.
    pub(super) fn settles(&self, files: &[PathBuf], refusal: &Refusal) -> bool {
        let key = refusal.unknown_key.as_deref();
        let defines = |platform: &Known| {
            refusal.undefined.as_ref().is_some_and(|undefined| {
                platform.defines.iter().any(|(section, name)| {
                    *section == undefined.section && (*name == "*" || *name == undefined.name)
                })
            })
        };
        self.templates_of(files).any(|template| {
            template.is_named && key.is_some()
                || template.recognized.as_ref().is_some_and(|Recognized { platform, .. }| {
                    key.is_some_and(|key| platform.keys.contains(&key)) || defines(platform)
                })
        })
    }

    /// Returns which of the files are templates, and why, as messages.
    #[must_use]
    pub fn explained(&self, files: &[PathBuf]) -> Vec<String> {
        let explain = |template: &Template| {
            let file = path_text(&template.file);
            match &template.recognized {
                None => format!("`{file}` is a template of a platform: the configuration names it"),
                Some(Recognized { platform, .. }) => {
                    let why = match platform.mark {
                        Mark::NextTo(name, _) => format!("`{name}` is next to it"),
                        Mark::Key(key) => format!("it has the key `{key}`"),
                        Mark::Coolify => "its comments or variables are Coolify's".to_owned(),
                        Mark::Listed => "a list of templates above it names it".to_owned(),
                    };
                    format!("`{file}` is a template of {}: {why}", platform.name)
                }
            }
        };
        self.templates_of(files).map(explain).collect()
    }
}

impl Recognized {
    /// Returns the platform that a Compose file is a template of.
    fn of(file: &Path, sources: &Sources) -> Option<Self> {
        let directory = file.parent().unwrap_or(Path::new(""));
        let source = sources.load(file).ok().map(|id| sources.get(id));
        let text = source.as_ref().map(|source| source.text()).unwrap_or_default();
        KNOWN.iter().find_map(|platform| {
            let mut variables = None;
            let is_template = match platform.mark {
                Mark::NextTo(name, words) => {
                    let marking = read(&directory.join(name), sources)?;
                    variables = platform.lists_variables.then(|| assigned(&marking));
                    words.is_empty() || words.iter().any(|word| marking.contains(word))
                }
                Mark::Key(key) => text.lines().any(|line| is_key(line, key)),
                Mark::Coolify => is_of_coolify(text),
                Mark::Listed => is_listed(file, directory, sources),
            };
            is_template.then_some(Self { platform, variables })
        })
    }
}

/// Returns the beginning of a file, if it exists.
fn read(path: &Path, sources: &Sources) -> Option<String> {
    let disk = sources.disk();
    let bytes = disk.is_file(path).then(|| disk.read_prefix(path, MAX_READ).ok())??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns the names before the `=` of a text: `NAME = "value"`, `"NAME=value"`. They may be more than the platform sets.
fn assigned(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.match_indices('=').filter_map(|(at, _)| text.get(..at));
    let names = before.filter_map(|before| {
        let before = before.trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'']);
        let start = before.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
        before.get(start..).filter(|name| !name.is_empty())
    });
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// True for a line of YAML or JSON with this key at the top level.
fn is_key(line: &str, key: &str) -> bool {
    let json = line.trim_start_matches(['{', ' ', '\t']);
    let quoted =
        |quote: char| json.strip_prefix(quote).and_then(|rest| rest.strip_prefix(key)?.strip_prefix(quote));
    let rest = line.strip_prefix(key).or_else(|| quoted('"')).or_else(|| quoted('\''));
    rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// Kinds of variables that Coolify makes up, as in `SERVICE_PASSWORD_ADMIN` (coollabsio/coolify@379abb2,
/// bootstrap/helpers/shared.php:1754 `generateEnvValue`; for domains and addresses bootstrap/helpers/parsers.php:469 and 569, for the
/// names of services app/Jobs/ApplicationDeploymentJob.php:1375).
const MADE_UP: [&str; 12] = [
    "FQDN",
    "URL",
    "NAME",
    "PASSWORD",
    "PASSWORDWITHSYMBOLS",
    "BASE64",
    "REALBASE64",
    "HEX",
    "USER",
    "LOWERCASEUSER",
    "SUPABASEANON",
    "SUPABASESERVICE",
];

/// True for the comments with which a template of Coolify begins, or for variables that Coolify makes up.
fn is_of_coolify(text: &str) -> bool {
    let head = text
        .lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with('#') || *line == "---");
    let keys: Vec<&str> =
        head.filter_map(|line| line.strip_prefix('#')?.split_once(':')).map(|(key, _)| key.trim()).collect();
    let has = |key: &str| keys.contains(&key);
    let uses = |kind: &&str| {
        ["$SERVICE_", "${SERVICE_", "- SERVICE_"]
            .iter()
            .any(|start| text.contains(&format!("{start}{kind}_")))
    };
    has("slogan") || has("documentation") && has("logo") || MADE_UP.iter().any(uses)
}

/// True if a list of templates for Portainer, in the directory of the file or above, names it.
fn is_listed(file: &Path, directory: &Path, sources: &Sources) -> bool {
    let file = sources.absolute(file);
    let own = sources.absolute(directory);
    std::iter::once(own).chain(directories_above(directory, sources)).any(|above| {
        let Some(below) = file.strip_prefix(&above).ok().and_then(Path::to_str) else { return false };
        let below = below.replace('\\', "/");
        LISTS.iter().any(|name| {
            read(&above.join(name), sources)
                .is_some_and(|list| list.contains("\"stackfile\"") && list.contains(&format!("\"{below}\"")))
        })
    })
}

#[cfg(test)]
mod tests;
