//! The software behind a site, by the marks that it leaves in every page: the generator it names,
//! else the addresses of its files and the names of its scripts.
//!
//! What it refuses to do: look at the text; a page about a shop system is not run by it.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::sources::Sources;
use crate::survey::Survey;

/// Bytes of the page that are looked at: the head and the first scripts are in them.
const BYTES_MAX: usize = 128 * 1024;

/// Beginnings of what generators say, in lower case.
#[rustfmt::skip]
const GENERATORS: &[(&str, &str)] = &[
    ("woocommerce", "woocommerce"), ("wordpress", "wordpress"), ("shopify", "shopify"),
    ("wix.com", "wix"), ("drupal", "drupal"), ("joomla", "joomla"), ("typo3", "typo3"),
    ("ghost", "ghost"), ("mediawiki", "mediawiki"), ("discourse", "discourse"),
    ("prestashop", "prestashop"), ("webflow", "webflow"), ("squarespace", "squarespace"),
    ("blogger", "blogger"), ("weebly", "weebly"), ("hubspot", "hubspot"), ("hugo", "hugo"),
    ("jekyll", "jekyll"), ("docusaurus", "docusaurus"), ("sphinx", "sphinx"),
    ("vuepress", "vuepress"), ("vitepress", "vitepress"), ("mkdocs", "mkdocs"),
    ("gitbook", "gitbook"), ("astro", "astro"), ("gatsby", "gatsby"), ("craft cms", "craft"),
    ("contao", "contao"), ("shopware", "shopware"), ("vbulletin", "vbulletin"),
    ("invision", "invision"), ("flarum", "flarum"), ("nodebb", "nodebb"), ("opencart", "opencart"),
    ("duda", "duda"), ("framer", "framer"), ("notion", "notion"), ("confluence", "confluence"),
];

/// Marks, the surer and the more particular ones first: a shop on WordPress is a shop.
#[rustfmt::skip]
const MARKS: &[(&str, &str)] = &[
    ("//cdn.shopify.com/", "shopify"), ("Shopify.theme", "shopify"),
    ("plugins/woocommerce/", "woocommerce"), ("woocommerce-page", "woocommerce"),
    ("data-mage-init", "magento"), ("text/x-magento-init", "magento"), ("/skin/frontend/", "magento"),
    ("prestashop", "prestashop"), ("cdn11.bigcommerce.com", "bigcommerce"),
    ("demandware.static", "salesforce_commerce"), ("/bundles/storefront/", "shopware"),
    ("static.wixstatic.com", "wix"), ("static1.squarespace.com", "squarespace"),
    ("assets.squarespace.com", "squarespace"), ("data-wf-site", "webflow"),
    ("/wp-content/", "wordpress"), ("/wp-includes/", "wordpress"),
    ("drupal-settings-json", "drupal"), ("/sites/default/files/", "drupal"),
    ("/media/jui/", "joomla"), ("/typo3temp/", "typo3"), ("discourse-cdn", "discourse"),
    ("data-discourse-setup", "discourse"), ("id=\"XF\"", "xenforo"), ("phpbb", "phpbb"),
    ("vbulletin_global", "vbulletin"), ("mw-parser-output", "mediawiki"),
    ("hs-scripts.com", "hubspot"), ("cdn.sstatic.net", "stack_exchange"),
    ("substackcdn.com", "substack"), ("cdn-client.medium.com", "medium"),
    ("www.blogger.com/static", "blogger"), ("cdn.weebly.com", "weebly"),
    ("__docusaurus", "docusaurus"), ("framerusercontent.com", "framer"),
];

static SEARCH: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(MARKS.iter().map(|(mark, _)| mark)).ok());

/// The software's name in lower case.
pub(crate) fn of(html: &str, survey: &Survey, sources: &mut Sources) -> Option<String> {
    let said = survey.meta(&["generator"]).map(str::to_lowercase);
    let named = said.and_then(|said| GENERATORS.iter().find(|(name, _)| said.starts_with(name)));
    let marked = marked(html);
    let name = match (named, marked) {
        // A shop says so beside what it is built on.
        (Some((_, "wordpress")), Some("woocommerce")) | (None, Some(_)) => {
            sources.push("platform", "marks in the markup", 0.9);
            marked?
        }
        (Some((_, name)), _) => {
            sources.push("platform", "meta generator", 0.98);
            name
        }
        (None, None) => return None,
    };
    Some(name.to_owned())
}

fn marked(html: &str) -> Option<&'static str> {
    let bytes = html.as_bytes();
    let search = SEARCH.as_ref()?;
    let found = search.find_iter(&bytes[..bytes.len().min(BYTES_MAX)]);
    let best = found.map(|found| found.pattern().as_usize()).min()?;
    MARKS.get(best).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_generators_name_the_software() {
        let of = |html: &str| of(html, &Survey::of(html), &mut Sources::default());
        let cases = [
            ("<meta name=generator content='WordPress 6.4'>", Some("wordpress")),
            (
                "<meta name=generator content='WordPress 6.4'><link href=/wp-content/plugins/woocommerce/a.css>",
                Some("woocommerce"),
            ),
            ("<script src=https://cdn.shopify.com/s/a.js></script>", Some("shopify")),
            ("<p>We moved from Shopify to WordPress.</p>", None),
            ("", None),
        ];
        for (html, expected) in cases {
            assert_eq!(of(html).as_deref(), expected, "{html}");
        }
    }
}
