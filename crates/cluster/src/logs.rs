//! The last lines that a container wrote.

use crate::{
    Cluster, Error, Target,
    request::{About, Call},
};

impl Cluster {
    /// The last lines that a container of a Pod wrote, at most `lines`. One request.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Api`] when the container has not started, or its node does not answer.
    pub async fn logs(&self, pod: &Target, container: &str, lines: usize) -> Result<String, Error> {
        let path = format!("{}/log", pod.path());
        let mut call = Call::get(About::Path(&path));
        call.query = vec![("container", container.to_owned()), ("tailLines", lines.to_string())];
        let answer = self.send(&call).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }
}
