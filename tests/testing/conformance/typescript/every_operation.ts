// Calls every operation with the client that @hey-api/openapi-ts generates from the contract, and prints the results.
// Type checking is half of the test: responses are used as the contract describes them, without a cast.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createClient, createConfig } from './generated/client/index.js';
import * as ideogram from './generated/index.js';

const [baseUrl = '', key = ''] = process.argv.slice(2);
const client = createClient(createConfig({ baseUrl, auth: key }));

function report(operation: string, result: Record<string, unknown>): void {
  console.log(JSON.stringify({ operation, ...result }));
}

async function fetched(url: string | null | undefined): Promise<Blob> {
  if (!url) throw new Error('the image has no link');
  const response = await fetch(url);
  return new Blob([await response.arrayBuffer()], { type: response.headers.get('content-type') ?? '' });
}

// The results of a job may be of any kind, which TypeScript calls unknown.
function isImage(result: unknown): result is ideogram.GenerationObject {
  return typeof result === 'object' && result !== null && 'url' in result && 'is_image_safe' in result;
}

async function shown(image: unknown) {
  if (!isImage(image)) throw new Error('the answer has no image');
  const bytes = Buffer.from(await (await fetched(image.url)).arrayBuffer());
  return { resolution: image.resolution, seed: image.seed, safe: image.is_image_safe, png: bytes.toString('latin1', 1, 4) };
}

// What the service posts to a webhook_url, one promise for each path.
type Delivery = { headers: IncomingHttpHeaders; body: Buffer };
const waiting = new Map<string, (delivery: Delivery) => void>();
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    waiting.get(request.url ?? '')?.({ headers: request.headers, body: Buffer.concat(chunks) });
  });
});
await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
const { port } = receiver.address() as AddressInfo;

function webhook(path: string): { url: string; delivery: Promise<Delivery> } {
  return { url: `http://127.0.0.1:${port}${path}`, delivery: new Promise((arrived) => waiting.set(path, arrived)) };
}

async function genuine({ headers, body }: Delivery): Promise<boolean> {
  const { data: keys } = await ideogram.getWebhookSigningJwks({ client, throwOnError: true });
  const said = (name: string) => String(headers[`x-ideogram-webhook-${name}`]);
  const hash = createHash('sha256').update(body).digest('hex');
  const message = Buffer.from([said('generation-id'), said('user-id'), said('timestamp'), hash].join('\n'));
  return keys.keys.some(({ kty, crv, x }) =>
    verify(null, message, createPublicKey({ key: { kty, crv, x }, format: 'jwk' }), Buffer.from(said('signature'), 'hex')),
  );
}

async function finished(id: string): Promise<ideogram.GenerationResponse> {
  for (let polls = 0; polls < 600; polls++) {
    const { data } = await ideogram.getGeneration({ client, path: { generation_id: id }, throwOnError: true });
    if (data.status !== 'pending') return data;
    await new Promise((pause) => setTimeout(pause, 50));
  }
  throw new Error(`the job ${id} does not end`);
}

async function followed(operation: string, id: string, delivery: Promise<Delivery>): Promise<void> {
  const job = await finished(id);
  const told = await delivery;
  const body: ideogram.WebhookBody = JSON.parse(told.body.toString());
  report(operation, {
    job: job.status,
    image: await shown(job.data?.[0]),
    webhook: {
      same_job: body.generation_id === id && job.generation_id === id,
      image: await shown(body.data?.[0]),
      genuine: await genuine(told),
    },
  });
}

const prompt: ideogram.V4JsonPrompt = {
  high_level_description: 'Ein Plakat für ein Jazzkonzert – “Blau”',
  compositional_deconstruction: {
    background: 'deep blue paper',
    elements: [{ type: 'text', text: 'BLUE', desc: 'wide capitals', bbox: [60, 80, 260, 920], color_palette: ['#FFCC00'] }],
  },
};

const generated = await ideogram.postGenerateImageV4({
  client,
  body: { json_prompt: prompt, resolution: '1024x1024', rendering_speed: 'TURBO', enable_copyright_detection: true },
  throwOnError: true,
});
report('post_generate_image_v4', { image: await shown(generated.data.data[0]) });
const picture = await fetched(generated.data.data[0]?.url);

const first = webhook('/generated?of=a%20job&more=%C3%BC');
const submitted = await ideogram.postGenerateImageV4Async({
  client,
  body: { text_prompt: 'A photo of a cat' },
  query: { webhook_url: first.url },
  throwOnError: true,
});
await followed('post_generate_image_v4_async', submitted.data.generation_id, first.delivery);

const remixed = await ideogram.postRemixImageV4({
  client,
  body: { image: picture, text_prompt: 'The same in red', image_weight: 70 },
  throwOnError: true,
});
report('post_remix_image_v4', { image: await shown(remixed.data.data[0]) });

const second = webhook('/remixed');
const remixing = await ideogram.postRemixImageV4Async({
  client,
  body: { image: picture, text_prompt: 'The same in green', rendering_speed: 'QUALITY' },
  query: { webhook_url: second.url },
  throwOnError: true,
});
await followed('post_remix_image_v4_async', remixing.data.generation_id, second.delivery);

const written = await ideogram.postMagicPromptV4({
  client,
  body: { text_prompt: 'A lighthouse at dawn', aspect_ratio: '16x9' },
  throwOnError: true,
});
report('post_magic_prompt_v4', { aspect_ratio: written.data.aspect_ratio, json_prompt: written.data.json_prompt });

const described = await ideogram.postDescribeV4({
  client,
  body: { image_file: picture, include_bbox: false },
  throwOnError: true,
});
report('post_describe_v4', { json_prompt: described.data.json_prompt });

const transparent = await ideogram.postGenerateImageV4Transparent({
  client,
  body: { text_prompt: 'A sticker of a fox', aspect_ratio: '2x3', output_resolution: '1K' },
  throwOnError: true,
});
report('post_generate_image_v4_transparent', { image: await shown(transparent.data.data[0]) });

const third = webhook('/transparent');
const cutting = await ideogram.postGenerateImageV4TransparentAsync({
  client,
  body: { json_prompt: prompt, rendering_speed: 'DEFAULT' },
  query: { webhook_url: third.url },
  throwOnError: true,
});
await followed('post_generate_image_v4_transparent_async', cutting.data.generation_id, third.delivery);

// The operations beside 4.0: lists of files, JSON parts and JSON bodies, and one field out of several.
const call = { client, throwOnError: true } as const;
const members: ideogram.ColorPaletteWithPresetNameOrMembers = { members: [{ color_hex: '#0B1D3A', color_weight: 0.5 }] };
const masked = { image: picture, mask: picture, prompt: 'A blue armchair' };
const older = { model: 'V_2', style_type: 'DESIGN' } as const;
const pictures = {
  post_generate_image_v3: ideogram.postGenerateImageV3({
    ...call,
    body: {
      prompt: 'A lighthouse',
      resolution: '832x1248',
      color_palette: members,
      num_images: 2,
      style_reference_images: [picture, picture],
      character_reference_images: [picture],
      character_reference_images_mask: [picture],
    },
  }),
  post_generate_image_v3_transparent: ideogram.postGenerateImageV3Transparent({
    ...call,
    body: { prompt: 'A sticker', upscale_factor: 'X2', aspect_ratio: '2x3' },
  }),
  post_inpaint_image_v3: ideogram.postInpaintImageV3({ ...call, body: { ...masked, style_codes: ['0A1B2C3D', '00000000'] } }),
  post_remix_image_v3: ideogram.postRemixImageV3({ ...call, body: { image: picture, prompt: 'In red', image_weight: 70 } }),
  post_reframe_image_v3: ideogram.postReframeImageV3({ ...call, body: { image: picture, resolution: '1536x640' } }),
  post_replace_background_v3: ideogram.postReplaceBackgroundV3({
    ...call,
    body: { image: picture, prompt: 'A beach', color_palette: { name: 'EMBER' } },
  }),
  post_edit_image_v3: ideogram.postEditImageV3({ ...call, body: masked }),
  post_remove_background: ideogram.postRemoveBackground({ ...call, body: { image: picture } }),
  post_v1_edit_image: ideogram.postV1EditImage({
    ...call,
    body: { prompt: 'One beside the other', images: [picture, picture], transparent_background: true },
  }),
  post_upscale_image: ideogram.postUpscaleImage({
    ...call,
    body: { image_file: picture, image_request: { resemblance: 60, prompt: 'A cat' } },
  }),
  post_generate_image: ideogram.postGenerateImage({
    ...call,
    body: { image_request: { prompt: 'A lake', aspect_ratio: 'ASPECT_10_16', color_palette: members } },
  }),
  post_edit_image: ideogram.postEditImage({
    ...call,
    body: { ...older, image_file: picture, mask: picture, prompt: 'A blue armchair' },
  }),
  post_remix_image: ideogram.postRemixImage({
    ...call,
    body: { image_file: picture, image_request: { prompt: 'A watercolour', image_weight: 60 } },
  }),
  post_reframe_image: ideogram.postReframeImage({
    ...call,
    body: { ...older, image_file: picture, resolution: 'RESOLUTION_1536_640' },
  }),
};
for (const [operation, made] of Object.entries(pictures)) {
  report(operation, { image: await shown((await made).data.data?.[0]) });
}

const layers = await ideogram.postLayerizeTextV3({ ...call, body: { image: picture, font_candidate_files: [picture] } });
const below = await fetched(layers.data.base_image_url);
report('post_layerize_text_v3', { below: below.type, texts: layers.data.text_blocks?.map(({ text }) => text) });
const words = await ideogram.postDescribe({ ...call, body: { image_file: picture, describe_model_version: 'V_3' } });
report('post_describe', { words: words.data.descriptions?.map(({ text }) => text) });

// What is made is asked for by its id.
const { dataset_id } = (await ideogram.createDataset({ ...call, body: { name: 'Blue pottery' } })).data;
const files = Array.from({ length: 15 }, (_, number) => new File([picture], `vase-${number}.png`));
const uploaded = await ideogram.uploadDatasetAssets({ ...call, path: { dataset_id }, body: { files } });
const dataset = await ideogram.getDataset({ ...call, path: { dataset_id } });
const datasets = await ideogram.listDatasets({ ...call, query: { search: 'pottery' } });
report('get_dataset', {
  uploaded: uploaded.data.success_count,
  files: dataset.data.files?.map(({ file_name }) => file_name),
  listed: datasets.data.datasets.some((each) => each.dataset_id === dataset_id),
});
const trained = await ideogram.trainModelV3({ ...call, body: { dataset_id, model_name: 'Blue pottery' } });
const { model_id } = trained.data;
const model = await ideogram.getCustomModel({ ...call, path: { model_id } });
const models = await ideogram.listCustomModels({ ...call, query: { scope: 'owned', status: ['TRAINING', 'COMPLETED'] } });
report('get_custom_model', {
  same: model.data.model.model_id === model_id && model.data.model.dataset_id === dataset_id,
  listed: models.data.models.some((each) => each.model_id === model_id),
});

// Refusals: their documented bodies are typed, too.
const unknown = await ideogram.getGeneration({ client, path: { generation_id: 'bm8tc3VjaC1qb2I' } });
report('get_generation', { refused: unknown.response?.status });
const stranger = createClient(createConfig({ baseUrl }));
const { response, error } = await ideogram.postMagicPromptV4({ client: stranger, body: { text_prompt: 'A cat' } });
report('post_magic_prompt_v4', { refused: response?.status, why: error !== undefined });

receiver.close();
