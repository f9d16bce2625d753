//! The recipes of `docs/architecture.md`: a list of files for each thing that is often added. Every file of a list is there, and
//! no list is longer than it is meant to be.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Where the recipes are.
const PAGE: &str = "docs/architecture.md";
/// Where they begin on it.
const HEADING: &str = "## Recipes";
/// What stands for the name of a role.
const NAME: &str = "NAME";
/// What there is a recipe for, and how many steps it may have.
const RECIPES: &[(&str, usize)] = &[
    ("A role", 5),
    ("A webhook", 5),
    ("A TwiML verb", 4),
    ("A speech provider", 5),
];

/// Every file that a recipe names and that is not there, and every recipe that is missing or has grown.
pub fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let page = workspace.root.join(PAGE);
    let text = fs::read_to_string(&page).with_context(|| format!("{PAGE} cannot be read"))?;
    let roles = workspace.roles();
    let is_there = |path: &str| {
        let exists = |path: &str| workspace.root.join(path).exists();
        match path.contains(NAME) {
            true => roles.iter().all(|role| exists(&path.replace(NAME, role))),
            false => exists(path),
        }
    };
    Ok(faults(&text, is_there))
}

/// A step of a recipe: the paths that it names.
type Step = Vec<String>;

fn faults(page: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for (title, most) in RECIPES {
        let steps = steps(page, title);
        if steps.is_empty() {
            faults.push(format!("{PAGE}: no recipe \"{title}\""));
        }
        if steps.len() > *most {
            faults.push(format!(
                "{PAGE}: {title} takes {} steps, and is meant to take {most} at most",
                steps.len()
            ));
        }
        let paths = steps.iter().flatten();
        faults.extend(
            paths
                .filter(|path| !is_there(path))
                .map(|path| format!("{PAGE}: {title}: {path} is not there")),
        );
    }
    faults
}

/// The numbered lines below the title of a recipe.
fn steps(page: &str, title: &str) -> Vec<Step> {
    let Some((_, recipes)) = page.split_once(HEADING) else {
        return Vec::new();
    };
    let title = format!("**{title}.**");
    let lines = recipes.lines().skip_while(|line| *line != title).skip(1);
    let lines = lines.skip_while(|line| line.is_empty());
    let mut steps: Vec<Step> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        match steps.last_mut() {
            // A step goes on.
            Some(step) if line.starts_with(' ') => step.extend(paths(line)),
            _ => steps.push(paths(line)),
        }
    }
    steps
}

/// What stands between backticks and has a slash: a path from the root.
fn paths(line: &str) -> Step {
    let quoted = line.split('`').skip(1).step_by(2);
    let is_path = |it: &&str| it.contains('/') || it.ends_with(".toml");
    quoted.filter(is_path).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOY: &str = "## Recipes: which files to touch\n\n**A role.**\n\n1. `services/NAME/`: its crate\n2. `Cargo.toml`: one line\n\n\
        **A webhook.**\n\n1. `proto/`: the event,\n   then `make contract` of `proto/a.lock`\n\n**A TwiML verb.**\n\n1. `a/b.rs`\n2. x\n3. x\n4. x\n5. x\n\n";

    #[test]
    fn recipe_that_has_grown_and_one_that_is_missing_are_named() {
        assert_eq!(
            faults(TOY, |_| true),
            [
                "docs/architecture.md: A TwiML verb takes 5 steps, and is meant to take 4 at most",
                "docs/architecture.md: no recipe \"A speech provider\"",
            ]
        );
    }

    #[test]
    fn file_of_a_recipe_that_is_not_there_is_named() {
        let found = faults(TOY, |path| path != "a/b.rs");
        let missing = "docs/architecture.md: A TwiML verb: a/b.rs is not there";
        assert!(found.iter().any(|fault| fault == missing), "{found:?}");
    }

    #[test]
    fn step_names_paths_and_nothing_else() {
        assert_eq!(
            steps(TOY, "A role"),
            [vec!["services/NAME/"], vec!["Cargo.toml"]]
        );
        assert_eq!(steps(TOY, "A webhook"), [vec!["proto/", "proto/a.lock"]]);
    }
}
