//! Looking at values: expressions, arguments, locals, what is returned, what is displayed at each stop.

use rdb_core::host::{Displayed, HostError, Interaction, Show, Variable};

use crate::command::{Argument, Command, Compat, Failure, Flow, Group};
use crate::complete::Completes;
use crate::dialog::Dialog;
use crate::terminal::{AskKind, Input};

type Outcome = Result<Flow, Failure>;

const BASE: Command = Command { group: Group::Data, completes: Completes::Expression, ..Command::BASE };

pub(crate) const PRINT: Command = Command {
    name: "p",
    usage: "p expression",
    summary: "Show the value of an expression",
    help: "As `repr` shows it. The expression may have lambdas and comprehensions that use the locals of the frame, and \
           variables of the debugger (`$name`).",
    compat: Compat::CLOSURES,
    argument: Argument::Required,
    run: |dialog, argument| evaluate(dialog, argument, Show::Repr),
    ..BASE
};

pub(crate) const PRETTY: Command = Command {
    name: "pp",
    usage: "pp expression",
    summary: "Show the value of an expression, broken into lines",
    help: "As `pprint` shows it.",
    compat: Compat::CLOSURES,
    argument: Argument::Required,
    run: |dialog, argument| evaluate(dialog, argument, Show::Pretty),
    ..BASE
};

pub(crate) const WHATIS: Command = Command {
    name: "whatis",
    usage: "whatis expression",
    summary: "Show what kind of thing the value of an expression is",
    help: "Names functions, methods and classes; shows the type of everything else.",
    compat: Compat::CLOSURES,
    argument: Argument::Required,
    run: |dialog, argument| evaluate(dialog, argument, Show::Whatis),
    ..BASE
};

pub(crate) const ARGS: Command = Command {
    name: "args",
    aliases: &["a"],
    usage: "a(rgs)",
    summary: "Show the arguments of this function, with their values now",
    help: "An argument that was deleted is shown as undefined.",
    completes: Completes::Nothing,
    run: |dialog, _| args(dialog),
    ..BASE
};

pub(crate) const LOCALS: Command = Command {
    name: "locals",
    usage: "locals",
    summary: "Show the local variables of this frame",
    help: "Arguments are among them. In a module, the global variables are local.",
    compat: Compat::New,
    completes: Completes::Nothing,
    run: |dialog, _| locals(dialog),
    ..BASE
};

pub(crate) const RETVAL: Command = Command {
    name: "retval",
    aliases: &["rv"],
    usage: "retval | rv",
    summary: "Show what this function is returning",
    help: "Known at a stop on its return (`--Return--`), and in the caller after `finish`.",
    completes: Completes::Nothing,
    run: |dialog, _| retval(dialog),
    ..BASE
};

pub(crate) const DISPLAY: Command = Command {
    name: "display",
    usage: "display [expression]",
    summary: "Show an expression at each stop in this frame, if its value changed",
    help: "Without an expression, lists what is displayed in this frame. An object that is changed in place is the same \
           object and not shown again; display a copy of it (`display items[:]`) to see such changes.",
    compat: Compat::CLOSURES,
    argument: Argument::Optional,
    run: display,
    ..BASE
};

pub(crate) const UNDISPLAY: Command = Command {
    name: "undisplay",
    usage: "undisplay [expression]",
    summary: "Show an expression no longer",
    help: "Without an expression, nothing is displayed in this frame any more.",
    argument: Argument::Optional,
    completes: Completes::Displayed,
    run: undisplay,
    ..BASE
};

pub(crate) const INTERACT: Command = Command {
    name: "interact",
    usage: "interact",
    summary: "Begin an interactive interpreter with the names of this frame",
    help: "Its variables are a copy: assignments do not reach the frame, changes of objects do. `exit()`, `quit()` or the \
           end of the input comes back to the debugger.",
    argument: Argument::Optional,
    completes: Completes::Nothing,
    run: |dialog, _| interact(dialog),
    ..BASE
};

fn evaluate(dialog: &mut Dialog<'_>, expression: &str, show: Show) -> Outcome {
    let frame = dialog.frame_no();
    let text = dialog.host.evaluate(frame, expression.to_owned(), show)?;
    dialog.message(text);
    Ok(Flow::Stay)
}

fn args(dialog: &mut Dialog<'_>) -> Outcome {
    let mut arguments = dialog.host.arguments(dialog.frame_no())?;
    // pdb's order is that of the code: what collects the rest comes last.
    arguments.sort_by_key(|argument| argument.name.chars().take_while(|&c| c == '*').count());
    for argument in &arguments {
        dialog.message(variable(argument));
    }
    Ok(Flow::Stay)
}

fn locals(dialog: &mut Dialog<'_>) -> Outcome {
    let locals = dialog.host.locals(dialog.frame_no())?;
    let mut bound = locals.iter().filter(|local| local.value.is_some()).peekable();
    if bound.peek().is_none() {
        dialog.message("No locals.");
    }
    for local in bound {
        dialog.message(variable(local));
    }
    Ok(Flow::Stay)
}

fn variable(variable: &Variable) -> String {
    let name = variable.name.trim_start_matches('*');
    format!("{name} = {}", variable.value.as_deref().unwrap_or("*** undefined ***"))
}

fn retval(dialog: &mut Dialog<'_>) -> Outcome {
    let value = dialog.host.return_value(dialog.frame_no())?;
    dialog.message(value.ok_or_else(|| Failure::text("Not yet returned!"))?);
    Ok(Flow::Stay)
}

fn display(dialog: &mut Dialog<'_>, expression: &str) -> Outcome {
    let frame = dialog.frame_no();
    if expression.is_empty() {
        let displays = dialog.host.displays(frame)?;
        dialog.message(if displays.is_empty() { "No expression is being displayed" } else { "Currently displaying:" });
        for Displayed { expression, value, .. } in displays {
            dialog.message(format!("{expression}: {value}"));
        }
        return Ok(Flow::Stay);
    }
    let checked = dialog.host.check_expression(expression.to_owned());
    checked.map_err(|error| Failure::text(format!("Unable to display {expression}: {error}")))?;
    let value = dialog.host.display(frame, expression.to_owned())?;
    dialog.message(format!("display {expression}: {value}"));
    Ok(Flow::Stay)
}

fn undisplay(dialog: &mut Dialog<'_>, expression: &str) -> Outcome {
    let frame = dialog.frame_no();
    if expression.is_empty() {
        dialog.host.undisplay(frame, None)?;
        return Ok(Flow::Stay);
    }
    if !dialog.host.displays(frame)?.iter().any(|displayed| displayed.expression == expression) {
        return Err(Failure::text(format!("not displaying {expression}")));
    }
    dialog.host.undisplay(frame, Some(expression.to_owned()))?;
    Ok(Flow::Stay)
}

fn interact(dialog: &mut Dialog<'_>) -> Outcome {
    dialog.host.interact_open(dialog.frame_no())?;
    dialog.message(format!("*{} interact start*", dialog.state.name));
    let mut prompt = ">>> ";
    loop {
        match dialog.next_interactive(prompt) {
            Interactive::Done => break,
            Interactive::Goes(next) => prompt = next,
        }
    }
    dialog.message(format!("*exit from {} interact command*", dialog.state.name));
    Ok(Flow::Stay)
}

/// How the interactive interpreter goes on.
enum Interactive {
    /// With this prompt.
    Goes(&'static str),
    /// It does not.
    Done,
}

impl Dialog<'_> {
    fn next_interactive(&mut self, prompt: &str) -> Interactive {
        match self.read(prompt, "... ", AskKind::Interact) {
            Input::Text(text) => self.push_interactive(&text),
            Input::Interrupted => {
                self.reset_interactive();
                Interactive::Goes(">>> ")
            }
            Input::End => {
                self.message("");
                Interactive::Done
            }
        }
    }

    fn push_interactive(&mut self, text: &str) -> Interactive {
        let mut goes = Interactive::Goes(">>> ");
        for line in text.split('\n') {
            goes = match self.host.interact_push(line.to_owned()) {
                Ok(Interaction::Ready) => Interactive::Goes(">>> "),
                Ok(Interaction::More) => Interactive::Goes("... "),
                Ok(Interaction::Left) => return Interactive::Done,
                Err(HostError::Interrupted) => {
                    self.reset_interactive();
                    return Interactive::Goes(">>> ");
                }
                Err(error) => {
                    self.error(error.to_string());
                    return Interactive::Done;
                }
            };
        }
        goes
    }

    fn reset_interactive(&mut self) {
        self.message("\nKeyboardInterrupt");
        if let Err(error) = self.host.interact_reset() {
            self.error(error.to_string());
        }
    }
}
