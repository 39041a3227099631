//! Exceptions that stop the program, and code that steps pass over.

use std::sync::Arc;

use rdb_core::catch::{CatchInfo, CatchSpec, CatchWhen};
use rdb_core::ids::CatchId;

use crate::command::{Argument, Command, Compat, Failure, Flow, Group};
use crate::complete::Completes;
use crate::dialog::Dialog;
use crate::parse::is_dotted_name;

type Outcome = Result<Flow, Failure>;

const BASE: Command =
    Command { group: Group::Events, compat: Compat::New, argument: Argument::Optional, ..Command::BASE };

pub(crate) const CATCH: Command = Command {
    name: "catch",
    usage: "catch [ [raised | uncaught | user] [type ...] [if condition] ]",
    summary: "Stop at exceptions, or list those that are stopped at",
    help: "`raised` (the default) stops where the exception is raised, `uncaught` where nothing in its thread handles it, \
           `user` where it leaves your own code. The types are names (`ValueError`, `pkg.module.Error`); without any, all \
           exceptions but `StopIteration`, `StopAsyncIteration` and `GeneratorExit` stop. In the condition, `$_exception` is the \
           exception.",
    completes: Completes::Expression,
    run: |dialog, argument| {
        if argument.is_empty() { list(dialog) } else { add(dialog, argument, Stops::Always) }
    },
    ..BASE
};

pub(crate) const TCATCH: Command = Command {
    name: "tcatch",
    usage: "tcatch [ [raised | uncaught | user] [type ...] [if condition] ]",
    summary: "Stop at exceptions once",
    help: "Takes the same as `catch`.",
    run: |dialog, argument| {
        if argument.is_empty() { list(dialog) } else { add(dialog, argument, Stops::Once) }
    },
    ..CATCH
};

pub(crate) const UNCATCH: Command = Command {
    name: "uncatch",
    usage: "uncatch [number ...]",
    summary: "Stop at exceptions no longer",
    help: "The numbers are those that `catch` lists; without any, all are removed.",
    completes: Completes::CatchNumber,
    run: uncatch,
    ..BASE
};

pub(crate) const SKIP: Command = Command {
    name: "skip",
    usage: "skip [glob ...]",
    summary: "Do not step into modules or files, or list those that are passed over",
    help: "A glob (`asyncio.*`, `*/site-packages/*`) is matched with the name of a module and with the path of a file. \
           Breakpoints there still stop.",
    run: skip,
    ..BASE
};

pub(crate) const UNSKIP: Command = Command {
    name: "unskip",
    usage: "unskip [glob ...]",
    summary: "Step into modules or files again",
    help: "The globs as `skip` lists them; without any, all are removed.",
    run: unskip,
    ..BASE
};

pub(crate) const MYCODE: Command = Command {
    name: "mycode",
    usage: "mycode [on | off]",
    summary: "Step into your own code only",
    help: "What belongs to the standard library or to `site-packages` is passed over. Without an argument, says how it \
           is.",
    run: mycode,
    ..BASE
};

/// The words of `catch` that are no type of exceptions.
const RESERVED: [&str; 4] = ["raised", "uncaught", "user", "if"];

/// How often a catchpoint stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stops {
    Always,
    Once,
}

fn list(dialog: &mut Dialog<'_>) -> Outcome {
    let catches = dialog.host.catches()?;
    if catches.is_empty() {
        dialog.message("No exceptions are caught.");
    } else {
        dialog.message("Num Type         Disp When     What");
    }
    for catch in &catches {
        dialog.message(row(catch));
    }
    Ok(Flow::Stay)
}

fn row(catch: &CatchInfo) -> String {
    let CatchInfo { id, spec, hits } = catch;
    let life = if spec.temporary { "del " } else { "keep" };
    let mut text = format!("{:<4}catchpoint   {life} {:<8} {}", id.0, when_text(spec.when), types_text(spec));
    if let Some(condition) = &spec.condition {
        text.push_str(&format!("\n\tstop only if {condition}"));
    }
    if *hits > 0 {
        text.push_str(&format!("\n\tcatchpoint already hit {hits} time{}", if *hits > 1 { "s" } else { "" }));
    }
    text
}

fn when_text(when: CatchWhen) -> &'static str {
    match when {
        CatchWhen::Raised => "raised",
        CatchWhen::LeavesUserCode => "user",
        CatchWhen::Uncaught => "uncaught",
    }
}

fn types_text(spec: &CatchSpec) -> String {
    if spec.types.is_empty() { "all exceptions".to_owned() } else { spec.types.join(" ") }
}

fn named(catch: &CatchInfo) -> String {
    format!("catchpoint {}: {} {}", catch.id, when_text(catch.spec.when), types_text(&catch.spec))
}

fn add(dialog: &mut Dialog<'_>, argument: &str, stops: Stops) -> Outcome {
    let spec = read_spec(argument, stops)?;
    if let Some(condition) = &spec.condition {
        let checked = dialog.host.check_expression(condition.to_string());
        checked.map_err(|error| Failure::text(format!("Invalid condition {condition}: {error}")))?;
    }
    let catch = dialog.host.add_catch(spec)?;
    dialog.message(format!("Catchpoint {}: {} {}", catch.id, when_text(catch.spec.when), types_text(&catch.spec)));
    Ok(Flow::Stay)
}

fn read_spec(argument: &str, stops: Stops) -> Result<CatchSpec, Failure> {
    let (head, condition) = match format!(" {argument}").split_once(" if ") {
        Some((head, condition)) => (head.to_owned(), Some(Arc::from(condition.trim()))),
        None => (argument.to_owned(), None),
    };
    let mut words = head.split([' ', ',']).filter(|word| !word.is_empty()).peekable();
    let when = match words.peek() {
        Some(&"raised") => Some(CatchWhen::Raised),
        Some(&"uncaught") => Some(CatchWhen::Uncaught),
        Some(&"user") => Some(CatchWhen::LeavesUserCode),
        _ => None,
    };
    if when.is_some() {
        words.next();
    }
    let types: Vec<Arc<str>> = words.map(Arc::from).collect();
    if !types.iter().all(|name| is_dotted_name(name) && !RESERVED.contains(&&**name)) {
        return Err(Failure::Invalid(argument.to_owned()));
    }
    Ok(CatchSpec { when: when.unwrap_or(CatchWhen::Raised), types, condition, temporary: stops == Stops::Once })
}

fn uncatch(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let catches = dialog.host.catches()?;
    let ids: Vec<CatchId> = if argument.is_empty() {
        catches.iter().map(|catch| catch.id).collect()
    } else {
        let numbers: Result<Vec<u32>, _> = argument.split_whitespace().map(str::parse).collect();
        numbers.map_err(|_| Failure::Invalid(argument.to_owned()))?.into_iter().map(CatchId).collect()
    };
    for id in ids {
        match dialog.host.remove_catch(id) {
            Ok(catch) => dialog.message(format!("Deleted {}", named(&catch))),
            Err(error) => dialog.error(error.to_string()),
        }
    }
    Ok(Flow::Stay)
}

fn skip(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let mut globs = dialog.host.skips()?;
    if argument.is_empty() {
        dialog.message(if globs.is_empty() { "Nothing is passed over." } else { "Passed over:" });
        for glob in &globs {
            dialog.message(format!("  {glob}"));
        }
        return Ok(Flow::Stay);
    }
    for glob in argument.split_whitespace() {
        if !globs.iter().any(|known| known == glob) {
            globs.push(glob.to_owned());
        }
    }
    dialog.host.set_skips(globs)?;
    Ok(Flow::Stay)
}

fn unskip(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let mut globs = dialog.host.skips()?;
    for glob in argument.split_whitespace() {
        if !globs.iter().any(|known| known == glob) {
            dialog.error(format!("{glob} is not passed over"));
        }
        globs.retain(|known| known != glob);
    }
    if argument.is_empty() {
        globs.clear();
    }
    dialog.host.set_skips(globs)?;
    Ok(Flow::Stay)
}

fn mycode(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    match argument {
        "on" => dialog.host.set_just_my_code(true)?,
        "off" => dialog.host.set_just_my_code(false)?,
        "" => {}
        _ => return Err(Failure::Invalid(argument.to_owned())),
    }
    let on = dialog.host.just_my_code()?;
    dialog.message(if on { "Steps stop in your own code only." } else { "Steps stop in all code." });
    Ok(Flow::Stay)
}
