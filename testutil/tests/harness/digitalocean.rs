//! The stand-in for DigitalOcean's API: its answers have the shape of the real ones, and its tokens live as long as they should.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use testutil::{DigitalOcean, Kubeconfig, Size, User, require, test_data, wait};

fn schema(folder: &Path, file: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// Compares a value with a schema of the API's description: what is wrong, each with its place. References to parts that are not at
/// hand let everything pass.
fn faults(value: &Value, schema: &Value, at: &str) -> Vec<String> {
    if value.is_null() {
        let nullable = schema["nullable"] == true || schema.get("$ref").is_some();
        return if nullable { Vec::new() } else { vec![format!("{at} is null")] };
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        _ => true,
    };
    if !fits {
        return vec![format!("{at} is no {}", schema["type"])];
    }
    let mut faults = Vec::new();
    let text = value.as_str().unwrap_or_default();
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        faults.push(format!("{at} is {value}"));
    }
    let formed = match schema["format"].as_str() {
        Some("uuid") => text.len() == 36 && text.split('-').count() == 5,
        Some("date-time") => text.parse::<jiff::Timestamp>().is_ok(),
        Some("cidr") => text.contains('/'),
        Some("uri") => text.starts_with("https://"),
        _ => true,
    };
    if !formed {
        faults.push(format!("{at} is {value}, which is no {}", schema["format"]));
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, member) in members {
            match known.get(name) {
                Some(schema) => faults.extend(self::faults(member, schema, &format!("{at}.{name}"))),
                None => faults.push(format!("{at}.{name} is unknown")),
            }
        }
    }
    for (position, element) in value.as_array().into_iter().flatten().enumerate() {
        faults.extend(self::faults(element, &schema["items"], &format!("{at}[{position}]")));
    }
    faults
}

#[test]
fn its_answers_have_the_shape_of_the_real_ones() {
    let folder = require!(test_data()).join("digitalocean");
    let (cluster, credentials) =
        (schema(&folder, "cluster_read_models.yml"), schema(&folder, "credentials_models.yml"));
    let account = DigitalOcean::start().unwrap();
    let ids: Vec<_> = (0..3).map(|_| account.listed("dev", "https://dev.example.com")).collect();
    account.set_state(&ids[1], "degraded", "a node is away");
    account.set_provisioning(&ids[2], 9);
    account.set_page(2);

    let (status, page) = account.look("/v2/kubernetes/clusters?per_page=2");
    assert_eq!((status, &page["meta"]), (200, &json!({ "total": 3 })));
    let pages = page["links"]["pages"].as_object().unwrap();
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["last", "next"]);
    let told = page["kubernetes_clusters"].as_array().unwrap();
    assert_eq!(told.iter().flat_map(|it| faults(it, &cluster, "cluster")).collect::<Vec<_>>(), [""; 0]);
    let (_, last) = account.look("/v2/kubernetes/clusters?page=2&per_page=2");
    assert_eq!(last["links"]["pages"].as_object().unwrap().keys().collect::<Vec<_>>(), ["first", "prev"]);

    let (_, one) = account.look(&format!("/v2/kubernetes/clusters/{}", ids[2]));
    assert_eq!(faults(&one["kubernetes_cluster"], &cluster, "cluster"), [""; 0]);
    assert_eq!(one["kubernetes_cluster"]["status"]["state"], "provisioning");
    let (_, issued) =
        account.look(&format!("/v2/kubernetes/clusters/{}/credentials?expiry_seconds=60", ids[0]));
    assert_eq!(faults(&issued, &credentials, "credentials"), [""; 0]);
    let (_, kubeconfig) = account.look(&format!("/v2/kubernetes/clusters/{}/kubeconfig?type=token", ids[0]));
    let kubeconfig: Value = serde_saphyr::from_str(kubeconfig.as_str().unwrap()).unwrap();
    assert_eq!(kubeconfig["current-context"], "do-nyc1-dev");

    // The comparison finds what is wrong.
    let wrong =
        json!({ "id": "7", "status": { "state": "fine" }, "name": null, "colour": "red", "tags": [1] });
    assert_eq!(faults(&wrong, &cluster, "cluster").len(), 5);
}

#[test]
fn it_refuses_as_the_real_one() {
    let account = DigitalOcean::start().unwrap();
    let (status, refusal) = account.look("/v2/kubernetes/clusters/not-a-uuid");
    assert_eq!((status, &refusal["id"]), (404, &json!("not_found")));
    assert_eq!(account.look("/v2/kubernetes/clusters?page=0").0, 400);
    assert_eq!(account.look("/v2/droplets").0, 404);
}

#[test]
fn its_tokens_are_good_for_their_cluster_until_they_expire() {
    let account = DigitalOcean::start().unwrap();
    let dev = require!(account.cluster("dev", Size::Api));
    let elsewhere = account.listed("other", "https://example.com");
    let token = |id: &str| {
        let path = format!("/v2/kubernetes/clusters/{id}/credentials?expiry_seconds=2");
        account.look(&path).1["token"].as_str().unwrap().to_owned()
    };
    let answer = |token: &str| {
        let kubeconfig =
            Kubeconfig::new(dev.plane.server(), Some(&dev.plane.ca_pem()), User::Token(token.to_owned()));
        wait::block_on(async || {
            let request = http::Request::get("/api/v1/namespaces/kube-system").body(Vec::new()).unwrap();
            kubeconfig
                .client()
                .unwrap()
                .request_text(request)
                .await
                .map(|_| ())
                .map_err(|error| error.to_string())
        })
    };
    answer(&token(&elsewhere)).unwrap_err();
    let good = token(&dev.id);
    answer(&good).unwrap();
    // The API server remembers a good token for ten seconds.
    wait::until("the token is refused", Duration::from_secs(60), || match answer(&good) {
        Err(error) if error.contains("Unauthorized") => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .unwrap();
}
