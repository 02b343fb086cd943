// Where pictures are, by their id.
export const thumbnailOf = (image: string): string => `/api/images/${encodeURIComponent(image)}/thumbnail`;
export const fileOf = (image: string): string => `/api/images/${encodeURIComponent(image)}/file`;
