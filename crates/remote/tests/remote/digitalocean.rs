//! DigitalOcean's API: what it gives, and what is said when it does not.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use remote::{
    ClientConfig, Limits,
    digitalocean::{Api, Error, Settings, Which},
};
use testutil::{
    DigitalOcean,
    digitalocean::{too_many_at_once, too_many_in_the_hour},
    faults::{Answer, Fault, SilentServer, nobody},
};

use crate::arrange::without_ports;

const HOUR: Duration = Duration::from_secs(3600);

fn settings(account: &DigitalOcean) -> Settings {
    Settings {
        api_url: account.url(),
        client: ClientConfig {
            ca_pem: Some(account.pki().ca_pem()),
            limits: Limits { tries: 3, total: Duration::from_secs(20), ..Limits::default() },
            ..ClientConfig::default()
        },
        patience: Duration::from_secs(5),
        poll: Duration::from_millis(10),
        ..Settings::new(account.token().into())
    }
}

fn api(account: &DigitalOcean) -> Api {
    Api::new(settings(account)).unwrap()
}

/// An error as products show it, without what differs from run to run.
fn words(account: &DigitalOcean, error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    assert!(!format!("{text} {error:?}").contains(account.token()), "{text} {error:?}");
    without_ports(&format!("{text}\n  {}", error.remedy()))
}

#[tokio::test]
async fn clusters_of_all_pages_are_found() {
    let account = DigitalOcean::start().unwrap();
    let ids: Vec<_> =
        (0..7).map(|number| account.listed(&format!("c{number}"), "https://example.com")).collect();
    account.set_page(3);
    let found: Vec<_> =
        api(&account).clusters().await.unwrap().into_iter().map(|cluster| cluster.id).collect();
    assert_eq!((found, account.requests().len()), (ids, 3));
}

#[tokio::test]
async fn an_account_without_clusters_has_none() {
    let account = DigitalOcean::start().unwrap();
    assert_eq!(api(&account).clusters().await.unwrap(), []);
    let error = api(&account).named("dev").await.unwrap_err();
    assert!(error.to_string().contains("none at all"), "{error}");
}

#[tokio::test]
async fn a_name_stands_for_exactly_one_cluster() {
    let account = DigitalOcean::start().unwrap();
    let dev = account.listed("dev", "https://example.com");
    let twins =
        [account.listed("twin", "https://example.com"), account.listed("twin", "https://example.com")];
    account.set_page(2);
    let api = api(&account);
    assert_eq!(api.named("dev").await.unwrap().id, dev);
    let hidden = |text: String| {
        let text = text.replace(&dev, "ID-1");
        text.replace(&twins[0], "ID-2").replace(&twins[1], "ID-3")
    };
    let none = hidden(words(&account, &api.named("de").await.unwrap_err()));
    let two = hidden(words(&account, &api.named("twin").await.unwrap_err()));
    insta::assert_snapshot!(format!("{none}\n{two}"));
}

#[tokio::test]
async fn credentials_last_as_long_as_was_asked_for() {
    let account = DigitalOcean::start().unwrap();
    let id = account.listed("dev", "https://dev.example.com");
    for asked in [HOUR, Duration::from_millis(10)] {
        let credentials = api(&account).credentials(&id, asked).await.unwrap();
        assert_eq!(credentials.host, "https://dev.example.com");
        assert_eq!(credentials.cluster_ca_certificate, account.pki().ca_pem());
        let left = credentials.expires.unwrap().duration_since(jiff::Timestamp::now()).as_secs();
        // Zero would have been a week.
        assert!(left <= asked.as_secs().max(1) as i64, "{left}");
        assert!(!format!("{credentials:?}").contains(credentials.token.unwrap().reveal()));
    }
}

#[tokio::test]
async fn a_cluster_that_is_being_made_is_waited_for() {
    let account = DigitalOcean::start().unwrap();
    let id = account.listed("dev", "https://example.com");
    account.set_provisioning(&id, 3);
    for which in [Which::Id(id.clone()), Which::Name("dev".to_owned())] {
        assert_eq!(api(&account).running(&which).await.unwrap().id, id);
    }
    // What is seen once more than it is made.
    assert_eq!(account.requests().len(), 4 + 1);
}

#[tokio::test]
async fn a_cluster_that_will_not_run_is_told_with_its_message() {
    let account = DigitalOcean::start().unwrap();
    let id = account.listed("dev", "https://example.com");
    let mut told = Vec::new();
    for state in ["error", "deleting"] {
        account.set_state(&id, state, "no capacity in nyc1");
        told.push(words(&account, &api(&account).running(&Which::Id(id.clone())).await.unwrap_err()));
    }
    account.set_state(&id, "running", "the nodes are being made");
    account.set_provisioning(&id, 1000);
    let hasty = Settings { patience: Duration::from_millis(5), ..settings(&account) };
    let error = Api::new(hasty).unwrap().running(&Which::Id(id.clone())).await.unwrap_err();
    told.push(words(&account, &error));
    // What is odd but usable is used.
    for state in ["degraded", "upgrading"] {
        account.set_provisioning(&id, 0);
        account.set_state(&id, state, "");
        api(&account).running(&Which::Id(id.clone())).await.unwrap();
    }
    insta::assert_snapshot!(told.join("\n").replace(&id, "ID"));
}

#[tokio::test]
async fn each_refusal_has_its_own_words_and_is_not_repeated() {
    let account = DigitalOcean::start().unwrap();
    let id = account.listed("dev", "https://example.com");
    let with = |token: String| Api::new(Settings { token: token.into(), ..settings(&account) }).unwrap();
    let mut told = vec![
        with("dop_v1_wrong".to_owned()).clusters().await.unwrap_err(),
        with(account.token_with(&["kubernetes:access_cluster"])).named("dev").await.unwrap_err(),
        with(account.token_with(&["kubernetes:read"])).credentials(&id, HOUR).await.unwrap_err(),
        api(&account).cluster("bd5f5959-5e1e-4205-a714-a914373942af").await.unwrap_err(),
        api(&account).cluster("../../account").await.unwrap_err(),
    ];
    for authority in ["", "bm90IHBlbQ==", "%%%", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="] {
        account.set_authority(&id, authority);
        told.push(api(&account).credentials(&id, HOUR).await.unwrap_err());
    }
    for answer in [
        Answer::new(200, "<html>please log in</html>"),
        Answer::new(200, "{}"),
        Answer::new(302, "").header("location", "https://example.com/"),
        Answer::new(418, &format!(r#"{{"id":"teapot","message":"I will not take {}."}}"#, account.token())),
    ] {
        account.spoil("clusters", 1, Fault::Answer(answer));
        told.push(api(&account).clusters().await.unwrap_err());
    }
    assert_eq!(account.requests().len(), told.len());
    let told: Vec<_> = told.iter().map(|error| words(&account, error)).collect();
    insta::assert_snapshot!(told.join("\n").replace(&id, "ID"));
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    let account = DigitalOcean::start().unwrap();
    let id = account.listed("dev", "https://example.com");
    let busy = |status| Fault::Answer(Answer::new(status, r#"{"id":"server_error","message":"Try again."}"#));
    for fault in
        [busy(500), busy(502), busy(503), busy(504), Fault::Cut, Fault::LostAnswer, too_many_at_once(0)]
    {
        let before = account.requests().len();
        account.spoil("credentials", 2, fault);
        api(&account).credentials(&id, HOUR).await.unwrap();
        assert_eq!(account.requests().len() - before, 3);
    }
    // Both 429 say when to come back, each in its way.
    for fault in [too_many_at_once(1), too_many_in_the_hour(Duration::from_secs(4))] {
        let began = Instant::now();
        account.spoil("credentials", 1, fault);
        api(&account).credentials(&id, HOUR).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn patience_with_the_api_ends() {
    let account = DigitalOcean::start().unwrap();
    let mut told = Vec::new();
    let busy = Fault::Answer(Answer::new(503, r#"{"id":"server_error","message":"Try again."}"#));
    for fault in [busy, too_many_at_once(3600), too_many_at_once(0)] {
        account.spoil("clusters", 3, fault);
        told.push(words(&account, &api(&account).clusters().await.unwrap_err()));
        // Orders that were not used up would spoil what comes next.
        while api(&account).clusters().await.is_err() {}
    }
    account.spoil("clusters", 3, Fault::Cut);
    let cut = api(&account).clusters().await.unwrap_err().to_string();
    assert!(cut.ends_with("the connection was closed (tried 3 times)"), "{cut}");
    account.spoil("clusters", 1, too_many_in_the_hour(HOUR));
    let hour = api(&account).clusters().await.unwrap_err();
    assert!(matches!(&hour, Error::RateLimited { until: Some(_), .. }), "{hour:?}");

    let silent = SilentServer::start().unwrap();
    let limits = Limits { total: Duration::from_secs(1), ..Limits::default() };
    for url in [silent.url(), nobody().unwrap()] {
        let client = ClientConfig { limits, ..settings(&account).client };
        let api = Api::new(Settings { api_url: url, client, ..settings(&account) }).unwrap();
        told.push(words(&account, &api.clusters().await.unwrap_err()));
    }
    let client = ClientConfig { ca_pem: None, ..settings(&account).client };
    let distrusting = Api::new(Settings { client, ..settings(&account) }).unwrap();
    told.push(words(&account, &distrusting.clusters().await.unwrap_err()));
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused_before_anything_is_sent() {
    let account = DigitalOcean::start().unwrap();
    let mut told = Vec::new();
    for api_url in
        ["http://api.digitalocean.com", "api.digitalocean.com", "https://ada:secret@example.com", "https://"]
    {
        let error = Api::new(Settings { api_url: api_url.to_owned(), ..settings(&account) }).unwrap_err();
        told.push(words(&account, &error));
    }
    for token in ["", "two words", "line\nend"] {
        let error = Api::new(Settings { token: token.into(), ..settings(&account) }).unwrap_err();
        told.push(words(&account, &error));
    }
    let told = told.join("\n");
    assert!(!told.contains("secret"), "{told}");
    assert_eq!(account.requests(), [""; 0]);
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_request_to_stop_ends_the_wait_for_a_cluster() {
    let account = DigitalOcean::start().unwrap();
    let id = account.listed("dev", "https://example.com");
    account.set_provisioning(&id, 1000);
    let settings = Settings {
        poll: Duration::from_secs(600),
        patience: Duration::from_secs(6000),
        ..settings(&account)
    };
    let cancel = settings.client.cancel.clone();
    let api = Api::new(settings).unwrap();
    let which = Which::Id(id);
    let (ended, ()) = tokio::join!(api.running(&which), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    });
    assert!(matches!(ended.unwrap_err(), Error::Cancelled));
}
