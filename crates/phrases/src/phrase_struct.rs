//! How phrases are declared.

/// A struct whose fields are phrases, and all of them as a list.
macro_rules! phrase_struct {
    (
        $(#[$of_struct:meta])*
        pub struct $name:ident {
            $($(#[$of_field:meta])* $field:ident,)+
        }
    ) => {
        $(#[$of_struct])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name {
            $($(#[$of_field])* pub $field: &'static str,)+
        }

        impl $name {
            /// Each phrase, in the order of the fields.
            pub fn lines(&self) -> impl Iterator<Item = &'static str> {
                [$(self.$field),+].into_iter()
            }
        }
    };
}

pub(crate) use phrase_struct;
