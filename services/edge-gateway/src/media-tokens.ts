// What pictures and documents cost. Every family has a formula of its own and none differs from Anthropic's by much,
// so this one stands for all whose provider cannot be asked.
// https://docs.claude.com/en/docs/build-with-claude/vision, https://docs.claude.com/en/docs/build-with-claude/pdf-support

import type { ImagePart, MediaSource } from '@ai-switch/dialects';
import { imageSize } from './image-size.ts';

/** "tokens = (width px * height px)/750" */
const PIXELS_PER_TOKEN = 750;
/** "If your image's long edge is more than 1568 pixels" it is made smaller first. */
const EDGE_PIXELS_MAX = 1_568;
/** "… or your image is more than ~1,600 tokens": as much as any picture costs, and what one costs that we do not see. */
const IMAGE_TOKENS_MAX = 1_600;
/** OpenAI's price for `detail: low`: https://platform.openai.com/docs/guides/images-vision */
const LOW_DETAIL_TOKENS = 85;

export function imageTokens({ source, detail }: ImagePart): number {
  if (detail === 'low') return LOW_DETAIL_TOKENS;
  const size = source.kind === 'base64' ? imageSize(source.data) : undefined;
  if (size === undefined) return IMAGE_TOKENS_MAX;
  const scale = Math.min(1, EDGE_PIXELS_MAX / Math.max(size.width, size.height));
  const pixels = size.width * scale * size.height * scale;
  return Math.min(IMAGE_TOKENS_MAX, Math.ceil(pixels / PIXELS_PER_TOKEN));
}

/** "Each page typically uses 1,500-3,000 tokens per page depending on content density": the middle. */
const TOKENS_PER_PAGE = 2_250;
/** A page of a file whose pages cannot be counted. */
const BYTES_PER_PAGE = 50_000;
/** For files that we do not see. */
const PAGES_UNSEEN = 2;
/** Only so much of a file is looked through, because the event loop waits meanwhile. */
const SEARCHED_CHARACTERS_MAX = 2 * 1024 * 1024;

export function documentTokens(source: MediaSource): number {
  return TOKENS_PER_PAGE * (source.kind === 'base64' ? pagesIn(source.data) : PAGES_UNSEEN);
}

function pagesIn(data: string): number {
  const head = Buffer.from(data.slice(0, SEARCHED_CHARACTERS_MAX), 'base64').toString('latin1');
  const seen = head.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  const searchedShare = Math.min(1, SEARCHED_CHARACTERS_MAX / data.length);
  // Many writers compress the objects that say what a page is.
  const pages = seen > 0 ? seen / searchedShare : Buffer.byteLength(data, 'base64') / BYTES_PER_PAGE;
  return Math.max(1, Math.round(pages));
}
