//! The one macro that makes an element of TwiML from its list of attributes.

/// Makes a struct with an `Option` field and a builder method for each attribute.
///
/// `set` takes the value as it is, `into` takes whatever converts.
macro_rules! element {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$inner_meta:meta])* $vis:vis $inner:ident: $inner_type:ty, )* }
        attributes { $( $(#[$attribute_meta:meta])* $how:ident $field:ident: $type:ty = $attribute:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$inner_meta])* $vis $inner: $inner_type, )*
            $( $(#[$attribute_meta])* pub $field: Option<$type>, )*
            pub(crate) extra: $crate::attribute::Extra,
        }

        impl $name {
            $( $crate::element::element!(@setter $how $field, $type, $attribute); )*

            /// Attributes that were read and are not known, or whose value does not fit, as (name, value).
            #[must_use]
            pub fn extra(&self) -> &[(String, String)] {
                &self.extra.0
            }
        }

        impl $crate::attribute::Attributes for $name {
            fn set(&mut self, _name: &str, _value: &str) -> bool {
                match _name {
                    $( $attribute => {
                        self.$field = $crate::value::Value::read(_value);
                        self.$field.is_some()
                    } )*
                    _ => false,
                }
            }

            fn keep(&mut self, name: &str, value: &str) {
                self.extra.keep(name, value);
            }

            fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
                $( if let Some(value) = &self.$field {
                    visit($attribute, &$crate::value::Value::write(value));
                } )*
                for (name, value) in &self.extra.0 {
                    // A value that did not fit when read, and has been replaced since, must not stand twice.
                    let is_replaced = match name.as_str() {
                        $( $attribute => self.$field.is_some(), )*
                        _ => false,
                    };
                    if !is_replaced {
                        visit(name, value);
                    }
                }
            }

            fn unknown(&self, visit: &mut dyn FnMut(&str, bool)) {
                for (name, _) in &self.extra.0 {
                    let (exists, is_replaced) = match name.as_str() {
                        $( $attribute => (true, self.$field.is_some()), )*
                        _ => (false, false),
                    };
                    if !is_replaced {
                        visit(name, exists);
                    }
                }
            }
        }
    };
    (@setter set $field:ident, $type:ty, $attribute:literal) => {
        #[doc = concat!("Sets `", $attribute, "`.")]
        #[must_use]
        pub fn $field(mut self, value: $type) -> Self {
            self.$field = Some(value);
            self
        }
    };
    (@setter into $field:ident, $type:ty, $attribute:literal) => {
        #[doc = concat!("Sets `", $attribute, "`.")]
        #[must_use]
        pub fn $field(mut self, value: impl Into<$type>) -> Self {
            self.$field = Some(value.into());
            self
        }
    };
}
pub(crate) use element;
