use url::form_urlencoded::Serializer;

/// The fields of a request, as a form body or a query.
#[derive(Default)]
pub(crate) struct Form(Vec<(&'static str, String)>);

impl Form {
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.push((name, value.to_string()));
        self
    }

    pub(crate) fn maybe(mut self, name: &'static str, value: &Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.push((name, value.to_string()));
        }
        self
    }

    /// Twilio takes a list as the same name several times.
    pub(crate) fn each(mut self, name: &'static str, values: &[impl ToString]) -> Self {
        self.0
            .extend(values.iter().map(|value| (name, value.to_string())));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn encode(&self) -> String {
        Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn leaves_out_what_is_not_set_and_repeats_lists() {
        let form = Form::default()
            .with("To", "+1555")
            .maybe("Url", &None::<String>)
            .each("E", &["a", "b"]);
        assert_eq!(form.encode(), "To=%2B1555&E=a&E=b");
    }
}
