//! Documents as rows.

use jarvix_core::{Dataset, Defect, Document, Gate, Product, Signal};

use super::{Cells, Columns, Row, WrongCell};

impl Row for Document {
    const DATASET: Dataset = Dataset::Documents;

    fn write(&self, to: &mut Columns) {
        to.text(&self.url);
        to.count(self.ordinal);
        to.opt_text(self.title.as_deref());
        to.opt_text(self.author.as_deref());
        to.opt_text(self.published.as_deref());
        to.opt_text(self.modified.as_deref());
        to.opt_text(self.language.as_deref());
        to.opt_text(self.page_type.as_deref());
        to.opt_text(self.site_name.as_deref());
        to.opt_text(self.description.as_deref());
        to.opt_text(self.canonical_url.as_deref());
        to.opt_text(self.robots.as_deref());
        to.opt_text(self.image.as_deref());
        to.texts(self.breadcrumbs.iter().map(String::as_str));
        write_product(&self.product, to);
        to.opt_text(self.platform.as_deref());
        to.texts(self.contacts.iter().map(String::as_str));
        to.texts(self.social_links.iter().map(String::as_str));
        to.sources(&self.sources);
        to.text(&self.text);
        to.text(&self.markdown);
        to.sections(&self.sections);
        to.count(self.word_count);
        to.opt_text(self.gate.map(Gate::as_str));
        to.opt_text(self.gate_reason.as_deref());
        to.opt_text(self.charset.as_deref());
        to.count(self.bytes_decoded);
        to.opt_text(self.text_hash.as_deref());
        to.opt_bytes(self.minhash.clone());
        to.texts(self.defects.iter().map(|defect| defect.as_str()));
        for signal in Signal::ALL {
            to.opt_float64(self.signal(*signal));
        }
    }

    fn read(from: &mut Cells<'_>) -> Result<Self, WrongCell> {
        Ok(Self {
            url: from.string()?,
            ordinal: from.count()?,
            title: from.opt_string()?,
            author: from.opt_string()?,
            published: from.opt_string()?,
            modified: from.opt_string()?,
            language: from.opt_string()?,
            page_type: from.opt_string()?,
            site_name: from.opt_string()?,
            description: from.opt_string()?,
            canonical_url: from.opt_string()?,
            robots: from.opt_string()?,
            image: from.opt_string()?,
            breadcrumbs: strings(from)?,
            product: read_product(from)?,
            platform: from.opt_string()?,
            contacts: strings(from)?,
            social_links: strings(from)?,
            sources: from.sources()?,
            text: from.string()?,
            markdown: from.string()?,
            sections: from.sections()?,
            word_count: from.count()?,
            gate: gate(from)?,
            gate_reason: from.opt_string()?,
            charset: from.opt_string()?,
            bytes_decoded: from.count()?,
            text_hash: from.opt_string()?,
            minhash: from.opt_bytes()?,
            defects: defects(from)?,
            signals: Signal::ALL.iter().map(|_| from.opt_float64()).collect::<Result<_, _>>()?,
        })
    }
}

fn write_product(product: &Product, to: &mut Columns) {
    to.opt_text(product.name.as_deref());
    to.opt_text(product.brand.as_deref());
    to.opt_float64(product.price);
    to.opt_text(product.currency.as_deref());
    to.opt_text(product.availability.as_deref());
    to.opt_float64(product.rating);
    to.opt_count(product.rating_count);
}

fn read_product(from: &mut Cells<'_>) -> Result<Product, WrongCell> {
    Ok(Product {
        name: from.opt_string()?,
        brand: from.opt_string()?,
        price: from.opt_float64()?,
        currency: from.opt_string()?,
        availability: from.opt_string()?,
        rating: from.opt_float64()?,
        rating_count: from.opt_count()?,
    })
}

fn strings(from: &mut Cells<'_>) -> Result<Vec<String>, WrongCell> {
    Ok(from.texts()?.into_iter().map(str::to_owned).collect())
}

fn gate(from: &mut Cells<'_>) -> Result<Option<Gate>, WrongCell> {
    let Some(word) = from.opt_text()? else { return Ok(None) };
    let gate = Gate::ALL.iter().copied().find(|gate| gate.as_str() == word);
    gate.map(Some).ok_or_else(|| from.wrong(format!("the unknown gate {word:?}")))
}

fn defects(from: &mut Cells<'_>) -> Result<Vec<Defect>, WrongCell> {
    let words = from.texts()?;
    let known = |word: &&str| Defect::ALL.iter().copied().find(|defect| defect.as_str() == *word);
    let defects: Option<Vec<Defect>> = words.iter().map(known).collect();
    defects.ok_or_else(|| from.wrong("an unknown defect"))
}
