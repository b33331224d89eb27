//! Reads files of flags, such as `jvm.options`, that the image's start script hands to the runtime.

use super::reader::{SettingSource, SettingsReader};
use crate::source::Spanned;
use crate::workload::Why;
use crate::workload::setting_files::FileOfFlags;

impl SettingsReader<'_> {
    /// Reads the files of flags of the image's start script.
    pub(super) fn flag_files(&self, major: Option<u32>) -> Vec<SettingSource> {
        let image = &self.workload.image;
        let finder = self.finder.filter(|_| image.runtime == Some(self.runtime.name));
        let found = finder.map(|finder| (finder.anchor, finder.flags(&image.flag_files, major)));
        let Some((anchor, files)) = found else { return Vec::new() };
        let of_file = |file: FileOfFlags| {
            let mut source = SettingSource { name: file.name, is_file: true, ..SettingSource::default() };
            let flags = match file.flags {
                Ok(flags) => flags,
                Err(why) => return SettingSource { unknown: Some((anchor, why)), ..source },
            };
            if let Some(first) = flags.first() {
                source.carrier = Some(Spanned::new(source.name.clone(), first.flag.span()));
            }
            if let Some(open) = flags.iter().find(|flag| !flag.certain && self.is_heap_flag(&flag.flag)) {
                source.unknown = Some((open.flag.span(), Why::Other("it is for some versions of Java only")));
            }
            source.words = flags.into_iter().filter(|flag| flag.certain).map(|flag| flag.flag).collect();
            source
        };
        files.into_iter().map(of_file).collect()
    }
}
