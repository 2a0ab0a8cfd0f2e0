use std::convert::Infallible;

use super::*;
use crate::schema::Schema;
use crate::value::Type;

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::string("id").computed().use_state_for_unknown(),
        Attribute::number("generation").computed(),
        Attribute::string("name").required().requires_replace(),
        Attribute::string("token").optional().write_only(),
        Attribute::bool("wait").default(true),
        Attribute::nested(
            "spec",
            vec![
                Attribute::string("url").required().requires_replace_if(|prior, planned| {
                    prior.as_str().map(str::len) != planned.as_str().map(str::len)
                }),
                Attribute::string("interval").default("1m").same_value(|prior, config| {
                    let seconds = |value: &Value| match value.as_str() {
                        Some("60s" | "1m") => Some(60),
                        _ => None,
                    };
                    seconds(prior).is_some() && seconds(prior) == seconds(config)
                }),
                Attribute::string("revision").computed(),
            ],
        )
        .required(),
        Attribute::nested_list(
            "items",
            vec![
                Attribute::string("key").required(),
                Attribute::string("digest").computed().use_state_for_unknown(),
            ],
        )
        .optional(),
        Attribute::nested_set(
            "rules",
            vec![Attribute::string("id").required(), Attribute::string("severity").default("deny")],
        )
        .optional(),
        Attribute::map("labels", Type::String).optional(),
    ]
}

fn config() -> Value {
    Value::object([
        ("name", "app".into()),
        ("token", "secret".into()),
        ("spec", Value::object([("url", "https://a".into())])),
        ("items", Value::list([Value::object([("key", "one".into())])])),
        ("rules", Value::set([Value::object([("id", "r1".into())]), Value::object([("id", "r2".into())])])),
    ])
}

fn prior() -> Value {
    Value::object([
        ("id", "ns/app".into()),
        ("generation", 3.into()),
        ("name", "app".into()),
        ("token", Value::Null),
        ("wait", true.into()),
        (
            "spec",
            Value::object([
                ("url", "https://a".into()),
                ("interval", "1m".into()),
                ("revision", "main@1".into()),
            ]),
        ),
        ("items", Value::list([Value::object([("key", "one".into()), ("digest", "d1".into())])])),
        (
            "rules",
            Value::set([
                Value::object([("id", "r1".into()), ("severity", "deny".into())]),
                Value::object([("id", "r2".into()), ("severity", "deny".into())]),
            ]),
        ),
        ("labels", Value::Null),
    ])
}

/// What the host proposes: the configuration, with what it leaves out of the computed attributes as it was.
fn proposed(config: &Value, prior: &Value) -> Value {
    fn object(attributes: &[Attribute], config: &Value, prior: &Value) -> Value {
        Value::Object(
            attributes
                .iter()
                .map(|attribute| {
                    let (config, prior) = (config.get(&attribute.name), prior.get(&attribute.name));
                    let value = match (attribute.nested_kind(), config) {
                        _ if attribute.computed && config.is_null() => prior.clone(),
                        (Some(nested), Value::Object(_)) => object(&nested.attributes, config, prior),
                        (Some(nested), Value::List(elements)) => Value::List(
                            elements
                                .iter()
                                .enumerate()
                                .map(|(index, element)| {
                                    object(&nested.attributes, element, prior.get_index(index))
                                })
                                .collect(),
                        ),
                        (Some(nested), Value::Set(elements)) => Value::Set(
                            elements
                                .iter()
                                .map(|element| {
                                    let prior = counterpart_of_config(&nested.attributes, element, prior);
                                    object(&nested.attributes, element, prior.unwrap_or(&Value::Null))
                                })
                                .collect(),
                        ),
                        _ => config.clone(),
                    };
                    (attribute.name.clone(), value)
                })
                .collect(),
        )
    }
    object(&attributes(), config, prior)
}

fn plan(config: &Value, prior: Option<&Value>) -> Proposal {
    let proposed = proposed(config, prior.unwrap_or(&Value::Null));
    let result = propose(&attributes(), config, prior, proposed, Ok::<_, Infallible>);
    match result {
        Ok(proposal) => proposal,
        Err(never) => match never {},
    }
}

fn unknown(value: &Value) -> Vec<String> {
    value.unknown_paths().iter().map(ToString::to_string).collect()
}

fn replaced(proposal: &Proposal) -> Vec<String> {
    proposal.requires_replace.iter().map(ToString::to_string).collect()
}

#[test]
fn a_create_fills_defaults_and_leaves_the_computed_unknown() {
    let plan = plan(&config(), None);
    assert_eq!(unknown(&plan.planned), ["generation", "id", "items[0].digest", "spec.revision"]);
    assert_eq!(plan.planned.get("wait").as_bool(), Some(true));
    assert_eq!(plan.planned.get("spec").get("interval").as_str(), Some("1m"));
    assert_eq!(plan.planned.get("rules").get_index(1).get("severity").as_str(), Some("deny"));
    assert!(plan.planned.get("token").is_null());
    assert!(plan.requires_replace.is_empty());
    assert!(check(&attributes(), &config(), None, &plan.planned).is_empty());
}

#[test]
fn an_update_without_a_difference_changes_nothing() {
    let plan = plan(&config(), Some(&prior()));
    assert_eq!(plan.planned, prior());
    assert!(plan.requires_replace.is_empty());
}

#[test]
fn an_update_leaves_the_computed_unknown_except_what_it_keeps() {
    let config = config().with("wait", false);
    let plan = plan(&config, Some(&prior()));
    assert_eq!(unknown(&plan.planned), ["generation", "spec.revision"]);
    assert_eq!(plan.planned.get("id").as_str(), Some("ns/app"));
    assert_eq!(plan.planned.get("items").get_index(0).get("digest").as_str(), Some("d1"));
    assert!(check(&attributes(), &config, Some(&prior()), &plan.planned).is_empty());
}

#[test]
fn a_new_element_has_nothing_to_keep() {
    let items = Value::list([Value::object([("key", "one".into())]), Value::object([("key", "two".into())])]);
    let plan = plan(&config().with("items", items), Some(&prior()));
    assert_eq!(unknown(&plan.planned), ["generation", "items[1].digest", "spec.revision"]);
}

#[test]
fn a_default_comes_back_where_the_object_drifted() {
    let drifted = prior().with("wait", false);
    let plan = plan(&config(), Some(&drifted));
    assert_eq!(plan.planned.get("wait").as_bool(), Some(true));
    assert!(plan.planned.get("generation").is_unknown());
}

#[test]
fn a_value_that_means_the_same_is_no_change() {
    let plan = plan(&config().with("spec.interval", "60s"), Some(&prior()));
    assert_eq!(plan.planned, prior());
    let written = prior().with("spec.interval", "60s");
    let config = config();
    let back = self::plan(&config, Some(&written));
    assert_eq!(back.planned, written, "also where the default means the same");
}

#[test]
fn only_a_changed_value_needs_a_new_object() {
    assert_eq!(replaced(&plan(&config().with("name", "other"), Some(&prior()))), ["name"]);
    assert_eq!(replaced(&plan(&config().with("name", Value::Unknown), Some(&prior()))), ["name"]);
    assert!(replaced(&plan(&config().with("spec.url", "https://b"), Some(&prior()))).is_empty());
    assert_eq!(replaced(&plan(&config().with("spec.url", "https://longer"), Some(&prior()))), ["spec.url"]);
    assert!(replaced(&plan(&config().with("name", "other"), None)).is_empty());
}

#[test]
fn an_unknown_configuration_stays_unknown() {
    let config = config().with("spec", Value::Unknown);
    let plan = plan(&config, None);
    assert!(plan.planned.get("spec").is_unknown());
    assert!(check(&attributes(), &config, None, &plan.planned).is_empty());
}

#[test]
fn a_plan_that_the_host_would_refuse_is_told_with_its_path() {
    let good = plan(&config(), None).planned;
    let told = |planned: Value| -> Vec<String> {
        check(&attributes(), &config(), None, &planned)
            .into_iter()
            .map(|diagnostic| diagnostic.attribute.unwrap_or_default().to_string())
            .collect()
    };
    assert_eq!(told(good.clone().with("name", "changed")), ["name"]);
    assert_eq!(told(good.clone().with("labels", Value::map([("a", "b".into())]))), ["labels"]);
    assert_eq!(told(good.clone().with("spec.url", Value::Unknown)), ["spec.url"]);
    assert_eq!(told(good.clone().with("spec", Value::Null)), ["spec"]);
    assert_eq!(told(good.clone().with("items", Value::List(vec![]))), ["items"]);
    assert_eq!(
        told(good.clone().with(AttributePath::root("items").index(0).attribute("key"), "x")),
        ["items[0].key"]
    );
    assert_eq!(told(good.clone().with("rules", Value::Set(vec![]))), ["rules"]);
    assert_eq!(told(Value::Null), [""]);
    assert!(told(good.with("spec.interval", "5m")).is_empty(), "a default may be replaced by the provider");
}

#[test]
fn a_plan_may_keep_what_was_before() {
    let config = config().with("name", "APP");
    let planned = plan(&config, Some(&prior())).planned.with("name", "app");
    assert!(check(&attributes(), &config, Some(&prior()), &planned).is_empty());
}

#[test]
fn a_resource_can_ask_for_the_computed_anew() {
    let mut planned = plan(&config(), Some(&prior())).planned;
    Schema::new(attributes()).mark_computed(&config(), Some(&prior()), &mut planned);
    assert_eq!(unknown(&planned), ["generation", "spec.revision"]);
}
