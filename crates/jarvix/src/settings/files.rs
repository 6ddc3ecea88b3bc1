//! Settings files: TOML, read into `(key, text)` pairs. Unknown keys are refused by the layers.

use std::path::{Path, PathBuf};

use super::SettingError;

/// Largest settings file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The project's file: `jarvix.toml` in the working folder.
pub fn project_file() -> PathBuf {
    PathBuf::from("jarvix.toml")
}

/// The user's file, where the system keeps such things.
pub fn user_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("jarvix").join("config.toml"))
}

/// Every `(section.key, value as text)` of the file at `path`; nothing where there is no file.
pub fn read(path: &Path) -> Result<Vec<(String, String)>, SettingError> {
    let error = |reason: String| SettingError::File { path: path.display().to_string(), reason };
    let size = match std::fs::metadata(path) {
        Ok(facts) => facts.len(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(error(e.to_string())),
    };
    if size > FILE_BYTES_MAX {
        return Err(error(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| error(e.to_string()))?;
    let table: toml::Table = toml::from_str(&text).map_err(|e| error(e.to_string()))?;
    let mut pairs = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::Table(section) => {
                for (key, value) in section {
                    pairs.push((format!("{name}.{key}"), text_of(&value)));
                }
            }
            value => pairs.push((name, text_of(&value))),
        }
    }
    Ok(pairs)
}

fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Boolean(on) => (if *on { "on" } else { "off" }).to_owned(),
        toml::Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}
