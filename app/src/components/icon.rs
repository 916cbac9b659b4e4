//! Icons: one path each on a grid of 16.

use leptos::prelude::*;

macro_rules! icons {
    ($($name:ident = $path:literal;)*) => {
        /// An icon, always beside a word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Icon { $($name,)* }

        impl Icon {
            const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }
        }
    };
}

icons! {
    Api = "M5.5 2.75H4v4L2.25 8 4 9.25v4h1.5M10.5 2.75H12v4L13.75 8 12 9.25v4h-1.5";
    Add = "M8 3v10M3 8h10";
    Browser = "M1.75 3h12.5v10H1.75zM1.75 6h12.5";
    Check = "m3 8.5 3.25 3.25L13 5";
    Computer = "M3 3h10v7.5H3zM1 13h14";
    Copy = "M5.5 5.5h8v8h-8zM10.5 3V2.5h-8v8H3";
    Cube = "M8 1.75 13.5 5v6L8 14.25 2.5 11V5zM2.75 5.25 8 8.25l5.25-3M8 8.25v5.75";
    Document = "M3.5 1.75h6l3 3v9.5h-9zM9.5 2v3h3M5.75 8.25h4.5M5.75 11h4.5";
    Down = "m4.5 6.25 3.5 3.5 3.5-3.5";
    Fault = "M5.25 1.75h5.5l3.5 3.5v5.5l-3.5 3.5h-5.5l-3.5-3.5v-5.5zM8 5v3.5M8 10.75v.25";
    Gear = "M6 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0M8 1.75v2M8 12.25v2M1.75 8h2M12.25 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4";
    Key = "M2.25 8a2.75 2.75 0 1 0 5.5 0 2.75 2.75 0 1 0-5.5 0M7.75 8h6v2.5M11 8v2";
    Library = "M2.75 2.5h3v11h-3zM5.75 2.5h3v11h-3zM9.5 3.25l2.75-.75 2.5 10.5-2.75.75z";
    Link = "M6.5 3H3v10h10V9.5M9 2.75h4.25V7M13 3 7.5 8.5";
    Next = "m6.25 4.5 3.5 3.5-3.5 3.5";
    People = "M3.5 5.5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M1.5 13.25c.25-2.75 2-4 4.5-4s4.25 1.25 4.5 4M10.5 3.25a2.5 2.5 0 0 1 0 4.5M12 9.75c1.5.5 2.25 1.75 2.5 3.5";
    Pending = "M2.75 8a5.25 5.25 0 1 0 10.5 0 5.25 5.25 0 1 0-10.5 0";
    Person = "M5.25 5.25a2.75 2.75 0 1 0 5.5 0 2.75 2.75 0 1 0-5.5 0M2.75 13.75c.5-3 2.5-4.25 5.25-4.25s4.75 1.25 5.25 4.25";
    Plug = "M5.5 1.75v3.5M10.5 1.75v3.5M3.5 5.25h9v2.5a4.5 4.5 0 0 1-9 0zM8 12.25v2";
    Refresh = "M13 8a5 5 0 1 1-1.5-3.6L13 6M13 2.5V6H9.5";
    Remove = "M4.25 4.25l7.5 7.5M11.75 4.25l-7.5 7.5";
    Resource = "M3 3.75c0-1.1 2.25-2 5-2s5 .9 5 2-2.25 2-5 2-5-.9-5-2zM3 3.75v8.5c0 1.1 2.25 2 5 2s5-.9 5-2v-8.5M3 8c0 1.1 2.25 2 5 2s5-.9 5-2";
    Search = "M2.75 7a4.25 4.25 0 1 0 8.5 0 4.25 4.25 0 1 0-8.5 0M10.25 10.25l3.25 3.25";
    SignOut = "M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3";
    Star = "M8 1.75 9.75 6l4.75.25-3.75 3 1.25 4.5L8 11.25l-4 2.5 1.25-4.5-3.75-3L6.25 6z";
    System = "M2 2h5v5H2zM9 9h5v5H9zM9 4.5h2.5V9M4.5 7v4.5H9";
    Warning = "M8 2.25 14.25 13.5H1.75zM8 6.5v3M8 11.25v.25";
}

/// Draws an icon; hidden from assistive technology, because a word says the same.
pub(crate) fn icon(icon: Icon) -> AnyView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=icon.path()></path></svg> }
        .into_any()
}
