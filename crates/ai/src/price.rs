use crate::Prices;
use crate::provider::Measure;

impl Prices {
    /// What an answer costs in millionths of a US dollar; `None` when the model has no price, or something that the price goes
    /// by was not measured.
    pub(crate) fn of(&self, model: &str, measure: &Measure) -> Option<u64> {
        let price = self.0.get(model)?;
        let count = |number: Option<u64>| number.map(|number| number as f64);
        // A price per million is one in millionths per piece.
        let parts = [
            (price.prompt_tokens, count(measure.prompt_tokens)),
            (price.completion_tokens, count(measure.completion_tokens)),
            (price.characters, count(measure.characters)),
            (
                price.minute.map(|minute| minute * 1e6),
                measure.seconds.map(|seconds| seconds / 60.0),
            ),
        ];
        let mut costs = parts
            .into_iter()
            .filter_map(|(price, amount)| Some((price?, amount)))
            .peekable();
        costs.peek()?;
        let cost = costs.try_fold(0.0, |sum, (price, amount)| Some(sum + price * amount?))?;
        Some(cost.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Price;

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let chat = Price {
            prompt_tokens: Some(0.15),
            completion_tokens: Some(0.6),
            ..Price::default()
        };
        let heard = Price {
            minute: Some(0.006),
            ..Price::default()
        };
        let prices = Prices(BTreeMap::from([
            ("chat".to_owned(), chat),
            ("heard".to_owned(), heard),
            ("nothing".to_owned(), Price::default()),
        ]));
        let tokens = Measure {
            prompt_tokens: Some(1_000),
            completion_tokens: Some(100),
            seconds: Some(30.0),
            characters: None,
        };
        assert_eq!(prices.of("chat", &tokens), Some(210));
        assert_eq!(prices.of("heard", &tokens), Some(3_000));
        assert_eq!(prices.of("chat", &Measure::default()), None);
        assert_eq!(prices.of("nothing", &tokens), None);
        assert_eq!(prices.of("another", &tokens), None);
    }
}
