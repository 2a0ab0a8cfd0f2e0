//! Calls about functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Offer, convert, m};
use crate::diagnostic::Diagnostics;
use crate::provider::Call;

pub(super) fn signatures(offer: &Offer) -> BTreeMap<String, m::Function> {
    offer
        .functions
        .iter()
        .map(|(name, (function, signature))| {
            (name.clone(), convert::function(signature.get_or_init(|| function.signature())))
        })
        .collect()
}

pub(super) async fn list(
    offer: Arc<Offer>,
    _call: Call,
    _request: m::get_functions::Request,
) -> Result<m::get_functions::Response, Diagnostics> {
    Ok(m::get_functions::Response { functions: signatures(&offer), diagnostics: Vec::new() })
}

pub(super) async fn call(
    offer: Arc<Offer>,
    call: Call,
    request: m::call_function::Request,
) -> m::call_function::Response {
    let Some((function, signature)) = offer.functions.get(&request.name) else {
        return failed(format!("This provider has no function named {:?}.", request.name), None);
    };
    let signature = signature.get_or_init(|| function.signature());
    let mut arguments = Vec::with_capacity(request.arguments.len());
    for (position, argument) in request.arguments.iter().enumerate() {
        let Some(parameter) = signature.parameters.get(position).or(signature.variadic.as_ref()) else {
            return failed("There are more arguments than parameters.".to_owned(), Some(position));
        };
        match convert::decode(Some(argument), &parameter.ty) {
            Ok(value) => arguments.push(value),
            Err(error) => return failed(format!("{}: {error}.", parameter.name), Some(position)),
        }
    }
    if arguments.len() < signature.parameters.len() {
        return failed("There are fewer arguments than parameters.".to_owned(), None);
    }
    match function.call(&call, arguments).await {
        Ok(value) => match convert::encode(&value, &signature.returns) {
            Ok(result) => m::call_function::Response { result: Some(result), error: None },
            Err(error) => {
                failed(format!("The result does not fit the function, which is a bug in it: {error}."), None)
            }
        },
        Err(error) => failed(error.text, error.argument),
    }
}

pub(super) fn failed(text: String, argument: Option<usize>) -> m::call_function::Response {
    let function_argument = argument.and_then(|position| i64::try_from(position).ok());
    m::call_function::Response { result: None, error: Some(m::FunctionError { text, function_argument }) }
}
