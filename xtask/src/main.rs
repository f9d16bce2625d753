#![doc = include_str!("../README.md")]

mod book;
mod catalogue;
mod circles;
mod contract;
mod deploy;
mod layers;
mod links;
mod manifests;
mod observability;
mod queries;
mod recipes;
mod sbom;
mod tokens;
mod workspace;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};

use workspace::Workspace;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs the checks that are asked for; whether all of them passed.
fn run(args: &[&str], out: &mut dyn Write) -> Result<bool> {
    let checks: &[&str] = match args {
        ["contract", "--write"] => {
            let root = Workspace::load()?.root;
            catalogue::write(&root)?;
            return contract::run(&root, contract::Mode::Write, out);
        }
        ["deploy", "--write"] => {
            deploy::write(&Workspace::load()?.root)?;
            return Ok(true);
        }
        ["book"] => {
            book::write(&Workspace::load()?)?;
            return Ok(true);
        }
        ["queries", command @ ..] => {
            let workspace = Workspace::load()?;
            return queries::record(&workspace.root, &workspace.roles(), command, out);
        }
        ["sbom"] => {
            writeln!(out, "{}", sbom::write()?)?;
            return Ok(true);
        }
        ["all"] => &[
            "contract",
            "events",
            "layers",
            "circles",
            "manifests",
            "deploy",
            "observability",
            "links",
            "recipes",
        ],
        [
            one @ ("contract" | "events" | "layers" | "circles" | "manifests" | "deploy"
            | "observability" | "links" | "recipes"),
        ] => &[one],
        _ => {
            bail!(
                "usage: xtask contract [--write] | events | layers | circles | manifests | deploy [--write] | observability | links | recipes | all | book | sbom | queries COMMAND..."
            )
        }
    };
    let workspace = Workspace::load()?;
    let mut passed = true;
    for check in checks {
        passed &= match *check {
            "contract" => contract::run(&workspace.root, contract::Mode::Check, out)?,
            "events" => report("events", &catalogue::check(&workspace.root)?, out)?,
            "layers" => report("layers", &layers::check(&workspace)?, out)?,
            "links" => report("links", &links::check(&workspace)?, out)?,
            "recipes" => report("recipes", &recipes::check(&workspace)?, out)?,
            "circles" => circles::run(&workspace, out)?,
            "deploy" => report("deploy", &deploy::check(&workspace.root)?, out)?,
            "observability" => report(
                "observability",
                &observability::check(&workspace.root)?,
                out,
            )?,
            _ => report("manifests", &manifests::check(&workspace)?, out)?,
        };
    }
    Ok(passed)
}

fn report(name: &str, faults: &[String], out: &mut dyn Write) -> Result<bool> {
    for fault in faults {
        writeln!(out, "error: {fault}")?;
    }
    match faults.len() {
        0 => writeln!(out, "{name}: in order")?,
        n => writeln!(out, "{name}: {n} to mend")?,
    }
    Ok(faults.is_empty())
}
