//! Walls before the text: consent, sign-in, payment.
//!
//! A cookie banner over a page, a sign-in box in its header and a call to subscribe are no walls:
//! there must be too little else to read, and the page must say in two places what it is.

use url::Url;

use super::Evidence;

/// Words and visible characters above which a page is more than the question for consent. The
/// longest such walls list what is done with the data, partner by partner.
const CONSENT_WORDS_MAX: u64 = 500;
const CONSENT_CHARS_MAX: u64 = 4_000;
const LOGIN_WORDS_MAX: u64 = 80;
const LOGIN_CHARS_MAX: u64 = 1_500;
const PAYWALL_WORDS_MAX: u64 = 200;

/// First labels of hosts that do nothing but ask for consent.
const CONSENT_HOSTS: &[&str] =
    &["consent", "guce", "cmp", "myprivacy", "zustimmung", "toestemming"];

/// What paths of consent pages hold, in lower case.
const CONSENT_PATHS: &[&str] = &[
    "/consent",
    "collectconsent",
    "cookiewall",
    "cookie-wall",
    "cookie-consent",
    "privacywall",
    "privacy-gate",
    "privacygate",
    "/zustimmung",
    "/purabo",
];

/// What titles of consent pages begin with, in lower case. "Your privacy" and its like are not among
/// them: pages on which one may change the choice are called that too.
const CONSENT_TITLES: &[&str] = &[
    "before you continue",
    "bevor sie fortfahren",
    "bevor du weitergehst",
    "bevor sie weitergehen",
    "avant d'accéder",
    "avant de continuer",
    "antes de continuar",
    "prima di continuare",
    "voordat je verdergaat",
    "we value your privacy",
    "we care about your privacy",
    "consent required",
    "zustimmung erforderlich",
    "einwilligung erforderlich",
    "cookie consent",
    "cookie wall",
    "privacy gate",
    "dpg media privacy gate",
];

/// What the question is about, in lower case.
const CONSENT_SUBJECTS: &[&str] =
    &["cookie", "personal data", "personenbezogene", "tracking", "données personnelles"];

/// What the answers are called, in lower case.
const CONSENT_ANSWERS: &[&str] = &[
    "accept all",
    "accept cookies",
    "reject all",
    "i agree",
    "agree and continue",
    "accept and continue",
    "alle akzeptieren",
    "akzeptieren und weiter",
    "alle ablehnen",
    "zustimmen",
    "einverstanden",
    "tout accepter",
    "tout refuser",
    "accepter et continuer",
    "aceptar todo",
    "rechazar todo",
    "aceptar y continuar",
    "accetta tutto",
    "rifiuta tutto",
    "accetta e continua",
    "aceitar tudo",
    "rejeitar tudo",
    "alles accepteren",
    "alles afwijzen",
    "akkoord",
];

pub(super) fn consent(evidence: &Evidence<'_>) -> Option<String> {
    let survey = evidence.survey;
    let little = evidence.document.word_count < CONSENT_WORDS_MAX
        && survey.visible_chars < CONSENT_CHARS_MAX;
    if !little {
        return None;
    }
    let address = Url::parse(evidence.final_url).ok();
    // A page that was asked for by such an address is what was wanted.
    let address = address.filter(|_| evidence.was_redirected());
    let by_address = address.as_ref().and_then(|address| {
        let label = address.host_str()?.split('.').next()?;
        let path = address.path().to_lowercase();
        let host = CONSENT_HOSTS.iter().find(|known| label == **known);
        host.or_else(|| CONSENT_PATHS.iter().find(|known| path.contains(*known)))
    });
    let title = evidence.title().unwrap_or_default();
    let title = CONSENT_TITLES.iter().find(|known| title.starts_with(*known));
    if by_address.is_none() && title.is_none() {
        return None;
    }
    let says = |words: &'static [&str]| words.iter().find(|w| evidence.text().contains(*w));
    let (subject, answer) = (says(CONSENT_SUBJECTS)?, says(CONSENT_ANSWERS)?);
    Some(match (by_address, title) {
        (Some(address), _) => {
            format!("led to {address:?}, asks about {subject:?}, answer {answer:?}")
        }
        (None, title) => {
            let title = title.copied().unwrap_or_default();
            format!("titled {title:?}, asks about {subject:?}, answer {answer:?}")
        }
    })
}

/// Words of a sign-in page in its title, heading or address, in lower case.
const LOGIN_WORDS: &[&str] = &[
    "log in",
    "login",
    "log-in",
    "sign in",
    "signin",
    "sign-in",
    "anmelden",
    "anmeldung",
    "einloggen",
    "connexion",
    "se connecter",
    "iniciar sesión",
    "inicia sesión",
    "accedi",
    "iniciar sessão",
    "inloggen",
    "zaloguj",
    "logga in",
];

pub(super) fn login(evidence: &Evidence<'_>) -> Option<String> {
    let survey = evidence.survey;
    let little =
        evidence.document.word_count < LOGIN_WORDS_MAX && survey.visible_chars < LOGIN_CHARS_MAX;
    if survey.password_fields == 0 || !little {
        return None;
    }
    let path = evidence.final_url.split(['?', '#']).next().unwrap_or_default();
    [survey.title.as_deref(), survey.heading.as_deref(), Some(path)].into_iter().flatten().find_map(
        |place| {
            let place = place.to_lowercase();
            let word = LOGIN_WORDS.iter().find(|word| place.contains(*word))?;
            Some(format!("a password field, {word:?} and little text"))
        },
    )
}

/// What paywalls say, in lower case.
const PAYWALL_WORDS: &[&str] = &[
    "subscribe to continue reading",
    "subscribe to read the full",
    "subscribe to keep reading",
    "to continue reading, subscribe",
    "to read the full story, subscribe",
    "this article is for subscribers",
    "this content is for subscribers",
    "this content is for members only",
    "exclusively for subscribers",
    "available to subscribers only",
    "mit einem abo weiterlesen",
    "jetzt abonnieren und weiterlesen",
    "weiterlesen mit",
    "dieser artikel ist nur für abonnenten",
    "cet article est réservé aux abonnés",
    "réservé à nos abonnés",
    "la suite est réservée aux abonnés",
    "contenido exclusivo para suscriptores",
    "suscríbete para seguir leyendo",
    "para seguir leyendo, suscríbete",
];

pub(super) fn paywall(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.document.word_count >= PAYWALL_WORDS_MAX {
        return None;
    }
    let stated = evidence.survey.structured.says_paywalled();
    let text = evidence.text();
    if let Some(words) = PAYWALL_WORDS.iter().find(|words| text.contains(*words)) {
        return Some(format!("says {words:?}"));
    }
    stated.then(|| "isAccessibleForFree is false and the text is short".to_owned())
}
