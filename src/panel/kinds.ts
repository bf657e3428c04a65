/** The kinds of idea, as the model names them and as people read them. */

import type { IPanelHost } from './host';

export const KINDS = [
  'data_preparation',
  'feature_engineering',
  'model_selection',
  'hyperparameter_tuning',
  'training_procedure',
  'ensembling',
  'post_processing'
] as const;

/** Returns a kind's name for people; one that is not known is shown as it is. */
export function kindName(kind: string, t: IPanelHost['t']): string {
  switch (kind) {
    case 'data_preparation':
      return t('Data preparation');
    case 'feature_engineering':
      return t('Feature engineering');
    case 'model_selection':
      return t('Model selection');
    case 'hyperparameter_tuning':
      return t('Hyperparameter tuning');
    case 'training_procedure':
      return t('Training procedure');
    case 'ensembling':
      return t('Ensembling');
    case 'post_processing':
      return t('Post-processing');
    default:
      return kind.replace(/_/g, ' ');
  }
}
