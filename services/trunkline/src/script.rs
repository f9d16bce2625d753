//! A caller's script, as it stands in a file.

use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;

/// Reads it, ready to be sent to an emulator that works in another folder.
pub fn read(file: &Path) -> Result<Value, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::Usage(format!("{shown} cannot be read: {e}")))?;
    let mut script: Value = serde_yaml_ng::from_str(&text)
        .map_err(|e| Failure::Usage(format!("{shown} is not YAML: {e}")))?;
    if !script.is_object() {
        return Err(Failure::Usage(format!("{shown} is not a script")));
    }
    find_sounds(&mut script, file.parent().unwrap_or(Path::new("")))?;
    Ok(script)
}

/// A sound is looked for beside the script that names it.
fn find_sounds(script: &mut Value, folder: &Path) -> Result<(), Failure> {
    let steps = script.get_mut("steps").and_then(Value::as_array_mut);
    for step in steps.into_iter().flatten() {
        for place in ["/speak/wav", "/interrupt/wav"] {
            let Some(wav) = step.pointer_mut(place) else {
                continue;
            };
            if let Some(path) = wav.as_str().filter(|path| !path.is_empty()) {
                let path = std::path::absolute(folder.join(path)).map_err(Failure::failed)?;
                *wav = json!(path.display().to_string());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_looked_for_beside_the_script() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("call.yaml");
        let steps = "steps: [{wait_for: hello}, {speak: {wav: sounds/a.wav}}, {speak: {wav: /b.wav}}, {interrupt: {wav: c.wav}}]";
        std::fs::write(&file, steps).unwrap();
        let script = read(&file).unwrap();
        assert_eq!(
            script["steps"],
            json!([
                { "wait_for": "hello" },
                { "speak": { "wav": dir.path().join("sounds/a.wav") } },
                { "speak": { "wav": "/b.wav" } },
                { "interrupt": { "wav": dir.path().join("c.wav") } },
            ])
        );
    }

    #[test]
    fn folder_of_a_script_may_be_the_one_we_are_in() {
        let mut script = json!({ "steps": [{ "speak": { "wav": "a.wav" } }] });
        find_sounds(&mut script, Path::new("")).unwrap();
        let found = script["steps"][0]["speak"]["wav"].as_str().unwrap();
        assert_eq!(
            Path::new(found),
            std::env::current_dir().unwrap().join("a.wav")
        );
    }
}
